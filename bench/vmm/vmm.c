// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/vmm/vmm.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

int zcb_vmm_sockets(int *ret_ours, int *ret_vmms)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	*ret_ours = pair[0];
	*ret_vmms = pair[1];
	return 0;
}

static int set_number(const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	return setenv(name, text, 1);
}

int zcb_vmm_set_environment(const char *object, int socket, int memfd)
{
	if (setenv("LD_PRELOAD", object, 1) || set_number(ZCB_VMM_ENV_SOCKET, socket) ||
	    set_number(ZCB_VMM_ENV_MEMFD, memfd))
		return -errno;
	return 0;
}

static const char *party(const struct zcb_vmm *vmm)
{
	return vmm->party ? vmm->party : "qemu: the agent inside it";
}

static int wait_for(const struct zcb_vmm *vmm, short events, uint64_t deadline,
		    struct zcb_error *err)
{
	for (;;) {
		struct pollfd ready = { .fd = vmm->fd, .events = events };
		uint64_t now = zcb_now_ns();

		if (now >= deadline)
			return zcb_fail(err, -ETIMEDOUT, "%s did not answer in %d ms", party(vmm),
					vmm->timeout_ms);
		if (poll(&ready, 1, (int)((deadline - now) / 1000000U) + 1) > 0)
			return 0;
	}
}

static int link_error(const struct zcb_vmm *vmm, int error, struct zcb_error *err)
{
	if (error == 0 || error == ECONNRESET || error == EPIPE || error == ENOTCONN)
		return zcb_fail(err, -ENOTCONN, "%s is gone (the link to it is closed)", party(vmm));
	return zcb_fail(err, -error, "zcbench bug: the link to the VMM: %s", strerror(error));
}

static bool try_again(int error)
{
	return error == EAGAIN || error == EINTR;
}

static int transmit(const struct zcb_vmm *vmm, const struct zcb_vmm_request *request,
		    uint64_t deadline, struct zcb_error *err)
{
	size_t n = sizeof(*request) + request->pages * sizeof(request->page[0]);

	while (send(vmm->fd, request, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		int ret = try_again(errno) ? wait_for(vmm, POLLOUT, deadline, err) :
					     link_error(vmm, errno, err);

		if (ret)
			return ret;
	}
	return 0;
}

/* One packet, and the descriptor that came with it, or -1. Returns its length or -errno. */
static ssize_t receive_packet(int socket, struct zcb_vmm_reply *ret_reply, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec bytes = { .iov_base = ret_reply, .iov_len = sizeof(*ret_reply) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*ret_fd = -1;
	if (n < 0)
		return -errno;
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.header.cmsg_level == SOL_SOCKET && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(&control.header), sizeof(*ret_fd));
	return n;
}

static int check_reply(const struct zcb_vmm *vmm, const struct zcb_vmm_reply *reply, size_t n,
		       struct zcb_error *err)
{
	if (n < offsetof(struct zcb_vmm_reply, serial) || reply->magic != ZCB_VMM_MAGIC)
		return zcb_fail(err, -EPROTO, "%s sent %zu bytes of garbage", party(vmm), n);
	if (reply->version != ZCB_VMM_VERSION)
		return zcb_fail(err, -EPROTONOSUPPORT, "host set-up: the " ZCB_VMM_OBJECT
				" beside the program speaks version %u, not %d: run ninja -C build",
				reply->version, ZCB_VMM_VERSION);
	if (n != sizeof(*reply))
		return zcb_fail(err, -EPROTO, "%s sent a reply of %zu bytes", party(vmm), n);
	return 0;
}

/* Replies to requests that were given up are dropped, with what came along. */
static int receive(const struct zcb_vmm *vmm, uint64_t serial, uint64_t deadline,
		   struct zcb_vmm_reply *ret_reply, int *ret_fd, struct zcb_error *err)
{
	for (;;) {
		ZCB_CLOSE int fd = -1;
		int ret = wait_for(vmm, POLLIN, deadline, err);
		ssize_t n = ret ? ret : receive_packet(vmm->fd, ret_reply, &fd);

		if (ret)
			return ret;
		if (n < 0 && try_again((int)-n))
			continue;
		if (n <= 0)
			return link_error(vmm, (int)-n, err);
		ret = check_reply(vmm, ret_reply, (size_t)n, err);
		if (ret)
			return ret;
		if (ret_reply->serial == serial) {
			*ret_fd = zcb_steal_fd(&fd);
			return 0;
		}
	}
}

/* What the agent says is shown to people: printable ASCII alone goes through. */
static int agent_error(const struct zcb_vmm *vmm, struct zcb_vmm_reply *reply,
		       struct zcb_error *err)
{
	if (reply->code > 0)
		return zcb_fail(err, -EPROTO, "%s sent the code %d", party(vmm), reply->code);
	reply->text[sizeof(reply->text) - 1] = '\0';
	for (char *p = reply->text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return zcb_fail(err, reply->code, "%s", reply->text);
}

/* One request and its reply at a time, whichever thread asks. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* The serial is a time: no two requests have the same, of whichever fork they are. */
static int ask_in_turn(const struct zcb_vmm *vmm, enum zcb_vmm_type type,
		       struct zcb_vmm_request *request, struct zcb_vmm_reply *ret_reply,
		       int *ret_fd, struct zcb_error *err)
{
	uint64_t now = zcb_now_ns(), deadline = now + (uint64_t)vmm->timeout_ms * 1000000U;
	ZCB_CLOSE int fd = -1;
	int ret;

	request->magic = ZCB_VMM_MAGIC;
	request->version = ZCB_VMM_VERSION;
	request->type = (uint16_t)type;
	request->serial = now;
	ret = transmit(vmm, request, deadline, err);
	if (!ret)
		ret = receive(vmm, request->serial, deadline, ret_reply, &fd, err);
	if (!ret && ret_reply->code)
		ret = agent_error(vmm, ret_reply, err);
	if (!ret && (fd >= 0) != (ret_fd != NULL))
		ret = zcb_fail(err, -EPROTO, "%s sent %s descriptor", party(vmm),
			       ret_fd ? "no" : "a");
	if (!ret && ret_fd)
		*ret_fd = zcb_steal_fd(&fd);
	return ret;
}

static int ask(const struct zcb_vmm *vmm, enum zcb_vmm_type type, struct zcb_vmm_request *request,
	       struct zcb_vmm_reply *ret_reply, int *ret_fd, struct zcb_error *err)
{
	int ret;

	pthread_mutex_lock(&turn);
	ret = ask_in_turn(vmm, type, request, ret_reply, ret_fd, err);
	pthread_mutex_unlock(&turn);
	return ret;
}

int zcb_vmm_ping(const struct zcb_vmm *vmm, pid_t *ret_pid, struct zcb_error *err)
{
	struct zcb_vmm_request request = { 0 };
	struct zcb_vmm_reply reply;
	int ret = ask(vmm, ZCB_VMM_PING, &request, &reply, NULL, err);

	if (!ret)
		*ret_pid = (pid_t)reply.value;
	return ret;
}

int zcb_vmm_export(const struct zcb_vmm *vmm, const zcb_memfd_off *pages, uint32_t n,
		   int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err)
{
	ZCB_FREE struct zcb_vmm_request *request = calloc(1, sizeof(*request) + n * sizeof(*pages));
	struct zcb_vmm_reply reply;
	int ret;

	if (!request)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of %u pages", n);
	request->pages = n;
	memcpy(request->page, pages, n * sizeof(*pages));
	ret = ask(vmm, ZCB_VMM_EXPORT, request, &reply, ret_dmabuf, err);
	if (!ret)
		ret_ns->ns = reply.ns;
	return ret;
}

int zcb_vmm_touch(const struct zcb_vmm *vmm, zcb_memfd_off offset, bool write, uint64_t *value,
		  zcb_ns *ret_ns, struct zcb_error *err)
{
	struct zcb_vmm_request request = { .offset = offset, .value = *value,
					   .flags = write ? ZCB_VMM_WRITE : 0 };
	struct zcb_vmm_reply reply;
	int ret = ask(vmm, ZCB_VMM_TOUCH, &request, &reply, NULL, err);

	if (ret)
		return ret;
	*value = reply.value;
	ret_ns->ns = reply.ns;
	return 0;
}

int zcb_vmm_install(const struct zcb_vmm *vmm, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
		    struct zcb_error *err)
{
	struct zcb_vmm_request request = { .offset = offset, .flags = present ? ZCB_VMM_PRESENT : 0 };
	struct zcb_vmm_reply reply;
	int ret = ask(vmm, ZCB_VMM_INSTALL, &request, &reply, NULL, err);

	if (!ret)
		ret_ns->ns = reply.ns;
	return ret;
}

int zcb_vmm_page_out(const struct zcb_vmm *vmm, zcb_memfd_off offset, struct zcb_error *err)
{
	struct zcb_vmm_request request = { .offset = offset };
	struct zcb_vmm_reply reply;

	return ask(vmm, ZCB_VMM_PAGE_OUT, &request, &reply, NULL, err);
}

int zcb_vmm_subscribe(const struct zcb_vmm *vmm, int *ret_fd, struct zcb_error *err)
{
	struct zcb_vmm_request request = { 0 };
	struct zcb_vmm_reply reply;

	return ask(vmm, ZCB_VMM_SUBSCRIBE, &request, &reply, ret_fd, err);
}

int zcb_vmm_fork(const struct zcb_vmm *vmm, bool with_ram, pid_t *ret_child, zcb_ns *ret_ns,
		 struct zcb_error *err)
{
	struct zcb_vmm_request request = { .flags = with_ram ? ZCB_VMM_WITH_RAM : 0 };
	struct zcb_vmm_reply reply;
	int ret = ask(vmm, ZCB_VMM_FORK, &request, &reply, NULL, err);

	if (ret)
		return ret;
	*ret_child = (pid_t)reply.value;
	ret_ns->ns = reply.ns;
	return 0;
}

int zcb_vmm_reap(const struct zcb_vmm *vmm, pid_t child, struct zcb_error *err)
{
	struct zcb_vmm_request request = { .value = (uint64_t)child };
	struct zcb_vmm_reply reply;

	return ask(vmm, ZCB_VMM_REAP, &request, &reply, NULL, err);
}
