/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_CLEANUP_H
#define ZCB_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A variable marked with one of these gives its resource back when it goes out of scope. What a
 * function returns or stores elsewhere is taken out first with zcb_steal_fd() or zcb_steal_ptr().
 */

static inline void zcb_free_p(void *p)
{
	free(*(void **)p);
}

static inline void zcb_close_fd_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void zcb_fclose_p(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void zcb_closedir_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define ZCB_CLEANUP(fn) __attribute__((cleanup(fn)))
#define ZCB_FREE ZCB_CLEANUP(zcb_free_p)
#define ZCB_CLOSE ZCB_CLEANUP(zcb_close_fd_p)
#define ZCB_FCLOSE ZCB_CLEANUP(zcb_fclose_p)
#define ZCB_CLOSEDIR ZCB_CLEANUP(zcb_closedir_p)

/** Takes the descriptor out of *fd: the caller owns it now, and the cleanup does nothing. */
static inline int zcb_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define zcb_steal_ptr(pp)                                                                          \
	({                                                                                         \
		__typeof__(*(pp)) __taken = *(pp);                                                 \
		*(pp) = NULL;                                                                      \
		__taken;                                                                           \
	})

#endif
