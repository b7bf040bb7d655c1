// SPDX-License-Identifier: GPL-2.0-or-later
/* In place of screen.c, in a build without the headers of DRM. */
#include "agent.h"

const char *screen_show(struct frame *frame, const struct zcb_abi_show *request)
{
	return "this build's agent has no screen: install libdrm-dev and build again";
}

void screen_update(const struct frame *frame)
{
}

void screen_drop(struct frame *frame)
{
}
