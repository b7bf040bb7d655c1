// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t armed;

static void on_fault(int number)
{
	if (!armed)
		_exit(GUARD_EXIT);
	armed = 0;
	siglongjmp(back, number);
}

/* SA_NODEFER: so no signal mask is to be restored, which would be a system call for each word. */
void guard_install(void)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

bool guard_read(const volatile uint64_t *word, uint64_t *ret_value)
{
	uint64_t value;

	if (sigsetjmp(back, 0))
		return false;
	armed = 1;
	value = *word;
	armed = 0;
	*ret_value = value;
	return true;
}

bool guard_write(volatile uint64_t *word, uint64_t value)
{
	if (sigsetjmp(back, 0))
		return false;
	armed = 1;
	*word = value;
	armed = 0;
	return true;
}
