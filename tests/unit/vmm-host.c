// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands in for QEMU in test-vmm: it maps the memfd that is argv[1] as QEMU maps its RAM. For each
 * letter on standard input it does something and answers with a letter.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *ram;
static size_t bytes;
static volatile sig_atomic_t signals;

static void count(int number)
{
	signals++;
}

static char map(int memfd)
{
	struct stat info;

	if (fstat(memfd, &info) < 0)
		return 'x';
	bytes = (size_t)info.st_size;
	/* As to a hugetlb memfd, its pool may be empty: then a touch raises SIGBUS. */
	ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memfd, 0);
	madvise(ram, bytes, MADV_DONTFORK);
	return ram == MAP_FAILED ? 'x' : 'r';
}

/* Something else is then where the RAM was. */
static char move(void)
{
	char *to = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *from = ram;

	ram = mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (ram == MAP_FAILED || mmap(from, bytes, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != from)
		return 'x';
	return 'm';
}

/* Whether the agent took its variables out of the environment, and its memfd out of an exec. */
static char look(int memfd)
{
	if (getenv("LD_PRELOAD") || getenv("ZCB_VMM_SOCKET") || getenv("ZCB_VMM_MEMFD"))
		return 'x';
	return fcntl(memfd, F_GETFD) == FD_CLOEXEC ? 'l' : 'x';
}

/* Its own handler of SIGBUS is in force, and it has heard of no child. */
static char raise_bus(void)
{
	raise(SIGBUS);
	return signals == 1 && waitpid(-1, NULL, WNOHANG) < 0 ? 'b' : 'x';
}

int main(int argc, char **argv)
{
	int memfd = argc > 1 ? atoi(argv[1]) : -1;
	char letter = map(memfd);

	signal(SIGBUS, count);
	signal(SIGCHLD, count);
	while (write(STDOUT_FILENO, &letter, 1) == 1 && read(STDIN_FILENO, &letter, 1) == 1) {
		switch (letter) {
		case 'm':
			letter = move();
			break;
		case 'l':
			letter = look(memfd);
			break;
		case 'p':
			letter = mprotect(ram, bytes, PROT_NONE) ? 'x' : 'p';
			break;
		case 'b':
			letter = raise_bus();
			break;
		default:
			letter = 'x';
		}
	}
	return 0;
}
