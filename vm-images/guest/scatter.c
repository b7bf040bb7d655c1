// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has the kernel's next single pages come from all over. A fresh guest has its memory in large runs, and
 * who allocates in the kernel, as a driver does, gets neighbours. So many more pages are taken first, by
 * chance into boxes, and some boxes are emptied: what is free then has neighbours that are not, and the
 * free lists give it out again. A box is a pipe: its pages are of the kernel's own kind (no mobility, as
 * the driver's), which those of a process are not.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define BOXES 64
#define SPREAD 4U /* so many times what is wanted is taken */

static int box[BOXES][2];
static uint32_t held[BOXES];

static void empty_box(unsigned int i)
{
	close(box[i][0]);
	close(box[i][1]);
	held[i] = 0;
	box[i][0] = box[i][1] = -1;
}

static void put(unsigned int i)
{
	static const char page[ZCB_ABI_PAGE_SIZE];

	if (box[i][1] >= 0 && write(box[i][1], page, sizeof(page)) == sizeof(page))
		held[i]++;
}

void scatter_begin(uint32_t pages, uint64_t seed)
{
	uint32_t freed = 0;

	for (unsigned int i = 0; i < BOXES; i++) {
		if (pipe2(box[i], O_CLOEXEC | O_NONBLOCK) < 0)
			box[i][0] = box[i][1] = -1;
		else
			/* Twice its share; chance does not deal evenly. */
			fcntl(box[i][1], F_SETPIPE_SZ,
			      (int)((pages * SPREAD * 2 / BOXES + 16) * ZCB_ABI_PAGE_SIZE));
	}
	for (uint32_t n = 0; n < pages * SPREAD; n++)
		put((unsigned int)(next_random(&seed) % BOXES));
	for (unsigned int i = 0; i < BOXES && freed < pages + pages / 8; i++) {
		freed += held[i];
		empty_box(i);
	}
}

void scatter_end(void)
{
	for (unsigned int i = 0; i < BOXES; i++)
		if (box[i][0] >= 0)
			empty_box(i);
}
