// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/vmm/agent-serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/exporter/subscriber.h"
#include "bench/exporter/udmabuf.h"
#include "bench/vmm/agent-install.h"
#include "bench/vmm/agent-ram.h"
#include "bench/vmm/vmm-abi.h"

#define STACK_BYTES (256U << 10)
#define MAX_REQUEST (sizeof(struct zcb_vmm_request) + ZCB_VMM_MAX_PAGES * sizeof(zcb_memfd_off))

static struct {
	int socket;
	struct zcb_vmm_ram ram;
	pid_t child[ZCB_VMM_MAX_FORKS]; /* 0: none */
} agent;

_Static_assert(sizeof(((struct zcb_vmm_reply *)NULL)->text) == sizeof(struct zcb_error),
	       "a reply carries a whole sentence");

static char packet[MAX_REQUEST] __attribute__((aligned(8)));

/* Fills ns and value; *ret_fd is -1, or a descriptor that goes along and is then closed. */
typedef int handle_fn(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply,
		      int *ret_fd, struct zcb_error *err);

static int ping(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		struct zcb_error *err)
{
	reply->value = (uint64_t)getpid();
	return 0;
}

static int export(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		  struct zcb_error *err)
{
	zcb_ns took = { 0 };
	int ret = zcb_udmabuf_create(agent.ram.memfd, request->page, request->pages, ret_fd, &took,
				     err);

	reply->ns = took.ns;
	return ret;
}

static int touch(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		 struct zcb_error *err)
{
	uint64_t value = request->value;
	zcb_ns took = { 0 };
	int ret = zcb_vmm_ram_touch(&agent.ram, request->offset, request->flags & ZCB_VMM_WRITE,
				    &value, &took, err);

	reply->ns = took.ns;
	reply->value = value;
	return ret;
}

static int install(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		   struct zcb_error *err)
{
	zcb_ns took = { 0 };
	int ret = zcb_vmm_ram_install(&agent.ram, request->offset, request->flags & ZCB_VMM_PRESENT, &took,
				  err);

	reply->ns = took.ns;
	return ret;
}

static int page_out(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		    struct zcb_error *err)
{
	return zcb_vmm_ram_page_out(&agent.ram, request->offset, err);
}

static int subscribe(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		     struct zcb_error *err)
{
	return zcb_subscriber_create(ret_fd, err);
}

/* It holds nothing open, so that nobody takes it for a VMM that lives. */
static void be_the_child(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (syscall(SYS_getppid) != parent) /* it died before the line above */
		_exit(127);
	syscall(SYS_close_range, 0U, ~0U, 0U);
	for (;;)
		pause();
}

/*
 * Not fork(): the VMM's own pthread_atfork() handlers are none of the child's business, and without a
 * signal for its end the VMM never hears of it.
 */
static int plain_fork(pid_t *ret_pid, uint64_t *ret_ns)
{
	pid_t parent = getpid();
	uint64_t start = zcb_now_ns();
	long pid = syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);

	if (pid == 0)
		be_the_child(parent);
	if (pid < 0)
		return -errno;
	*ret_ns = zcb_now_ns() - start;
	*ret_pid = (pid_t)pid;
	return 0;
}

static pid_t *find_child(pid_t pid)
{
	for (unsigned int i = 0; i < ZCB_VMM_MAX_FORKS; i++)
		if (agent.child[i] == pid)
			return &agent.child[i];
	return NULL;
}

static int fork_vmm(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		    struct zcb_error *err)
{
	bool with_ram = request->flags & ZCB_VMM_WITH_RAM;
	pid_t *child = find_child(0);
	int ret = 0;

	if (!child)
		return zcb_fail(err, -EAGAIN, "zcbench bug: the VMM has %u children: reap one",
				ZCB_VMM_MAX_FORKS);
	if (with_ram)
		ret = zcb_vmm_ram_let_fork(&agent.ram, true);
	if (!ret)
		ret = plain_fork(child, &reply->ns);
	if (with_ram)
		zcb_vmm_ram_let_fork(&agent.ram, false);
	if (ret)
		return zcb_fail(err, ret, "kernel: %s cannot be forked: %s", agent.ram.vmm,
				strerror(-ret));
	reply->value = (uint64_t)*child;
	return 0;
}

static int reap(const struct zcb_vmm_request *request, struct zcb_vmm_reply *reply, int *ret_fd,
		struct zcb_error *err)
{
	pid_t *child = request->value ? find_child((pid_t)request->value) : NULL;

	if (!child)
		return zcb_fail(err, -ESRCH, "zcbench bug: the VMM has no child %lld",
				(long long)request->value);
	kill(*child, SIGKILL);
	while (waitpid(*child, NULL, __WALL) < 0 && errno == EINTR)
		;
	*child = 0;
	return 0;
}

static const struct {
	handle_fn *handle;
	uint32_t flags; /* that it knows */
	bool pages;	/* whether it wants any */
} handlers[ZCB_VMM_TYPES] = {
	[ZCB_VMM_PING] = { ping },
	[ZCB_VMM_EXPORT] = { export, .pages = true },
	[ZCB_VMM_TOUCH] = { touch, .flags = ZCB_VMM_WRITE },
	[ZCB_VMM_FORK] = { fork_vmm, .flags = ZCB_VMM_WITH_RAM },
	[ZCB_VMM_REAP] = { reap },
	[ZCB_VMM_PAGE_OUT] = { page_out },
	[ZCB_VMM_SUBSCRIBE] = { subscribe },
	[ZCB_VMM_INSTALL] = { install, .flags = ZCB_VMM_PRESENT },
};

/* n is the packet's whole length, of which no more than MAX_REQUEST is here. */
static int check(const struct zcb_vmm_request *request, size_t n, struct zcb_error *err)
{
	if (n < sizeof(*request) || request->magic != ZCB_VMM_MAGIC)
		return zcb_fail(err, -EBADMSG,
				"zcbench bug: %zu bytes to the VMM's agent are no request", n);
	if (request->version != ZCB_VMM_VERSION)
		return zcb_fail(err, -EPROTONOSUPPORT, "host set-up: " ZCB_VMM_OBJECT
				" speaks version %d, and was asked in version %u: run ninja -C build",
				ZCB_VMM_VERSION, request->version);
	if (request->type >= ZCB_VMM_TYPES || !handlers[request->type].handle)
		return zcb_fail(err, -EOPNOTSUPP,
				"zcbench bug: the VMM's agent knows no request %u", request->type);
	if (request->pages > ZCB_VMM_MAX_PAGES ||
	    n != sizeof(*request) + request->pages * sizeof(request->page[0]))
		return zcb_fail(err, -EBADMSG, "zcbench bug: a request to the VMM's agent has %zu "
				"bytes and says %u pages", n, request->pages);
	if (!request->pages == handlers[request->type].pages ||
	    (request->flags & ~handlers[request->type].flags))
		return zcb_fail(err, -EINVAL, "zcbench bug: request %u to the VMM's agent has %u "
				"pages and flags %#x", request->type, request->pages,
				request->flags);
	return 0;
}

static int send_reply(const struct zcb_vmm_reply *reply, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec bytes = { .iov_base = (void *)reply, .iov_len = sizeof(*reply) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS,
						   .cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(agent.socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int answer(size_t n)
{
	const struct zcb_vmm_request *request = (const struct zcb_vmm_request *)packet;
	bool whole = n >= sizeof(*request);
	struct zcb_vmm_reply reply = { .magic = ZCB_VMM_MAGIC, .version = ZCB_VMM_VERSION,
				       .type = whole ? request->type : 0,
				       .serial = whole ? request->serial : 0 };
	struct zcb_error err = { "" };
	ZCB_CLOSE int fd = -1;

	reply.code = check(request, n, &err);
	if (!reply.code)
		reply.code = handlers[request->type].handle(request, &reply, &fd, &err);
	memcpy(reply.text, err.text, sizeof(reply.text));
	return send_reply(&reply, fd);
}

/* Until the other side closes: a packet of nothing counts as that. */
static void *serve(void *unused)
{
	ssize_t n;

	do
		n = recv(agent.socket, packet, sizeof(packet), MSG_TRUNC);
	while (n > 0 && answer((size_t)n) == 0);
	close(agent.socket);
	return NULL;
}

int zcb_vmm_serve(int socket, int memfd, const char *vmm)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;
	int ret;

	agent.socket = socket;
	agent.ram = (struct zcb_vmm_ram){ .memfd = memfd, .vmm = vmm };
	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* the thread inherits it */
	ret = pthread_create(&thread, &attributes, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (!ret)
		pthread_setname_np(thread, "zcb-vmm");
	return -ret;
}
