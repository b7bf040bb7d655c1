/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_EGL_DEVICE_H
#define ZCB_CONSUMERS_EGL_DEVICE_H

#include <EGL/egl.h>
#include <stdbool.h>

#include "bench/base/error.h"

/**
 * The display, initialized, of the device that the consumers draw with: the processor itself, unless
 * ZCB_EGL_DEVICE=gpu asks for the first device that is not it. A DRM node of vgem or vkms is neither:
 * Mesa imports through it and cannot read then. Returns 0, or -EOPNOTSUPP with what is missing.
 */
int zcb_egl_display(EGLDisplay *ret_display, struct zcb_error *err);

/** Whether a list of extensions, with blanks between them, has this one. NULL is an empty list. */
bool zcb_egl_has(const char *list, const char *word);

#endif
