// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the guest's screen as a viewer of QEMU does: QEMU itself wraps the frame's pages with udmabuf, and
 * gives the dma-buf to whoever listens on its D-Bus display. We are such a listener, over a connection of
 * our own (docs/interop/dbus-display.rst of QEMU):
 *
 *   RegisterListener(socket) ──► QEMU, and on that socket it calls us:
 *   ScanoutDMABUF(file), and for each frame that the guest draws UpdateDMABUF()
 *
 * An update is answered at once, and QEMU then ends the guest's flush. What arrives is dispatched by a
 * thread. The dma-buf is mapped once or, with "import":"each", for each reading.
 *
 * QEMU may drop a ScanoutDMABUF that it has not sent yet: releasing the old picture discards what waits
 * (dbus_release_dmabuf(), dbus_scanout_disable()), and that is the new one. But whoever registers is shown
 * what is on the screen now. So where nothing comes, there is one more listener.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixconnection.h>
#include <gio/gunixfdlist.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/consumers/consumer.h"

#define LISTENER "org.qemu.Display1.Listener"
#define CONSOLE_PATH "/org/qemu/Display1/Console_0" /* the guest has one output */
#define LINE 64
#define PATIENCE_MS 30000
#define LOST_MS 500 /* after so long, what did not come was dropped */

/* Of what QEMU calls, what we are told of: it waits for an answer to the others, too. */
static const char interface_xml[] =
	"<node><interface name='" LISTENER "'>"
	"<method name='Scanout'><arg type='u'/><arg type='u'/><arg type='u'/><arg type='u'/>"
	"<arg type='ay'/></method>"
	"<method name='Update'><arg type='i'/><arg type='i'/><arg type='i'/><arg type='i'/>"
	"<arg type='u'/><arg type='u'/><arg type='ay'/></method>"
	"<method name='ScanoutDMABUF'><arg type='h'/><arg type='u'/><arg type='u'/><arg type='u'/>"
	"<arg type='u'/><arg type='t'/><arg type='b'/></method>"
	"<method name='UpdateDMABUF'><arg type='i'/><arg type='i'/><arg type='i'/><arg type='i'/></method>"
	"<method name='Disable'/>"
	"<method name='MouseSet'><arg type='i'/><arg type='i'/><arg type='i'/></method>"
	"<method name='CursorDefine'><arg type='i'/><arg type='i'/><arg type='i'/><arg type='i'/>"
	"<arg type='ay'/></method>"
	"<property name='Interfaces' type='as' access='read'/>"
	"</interface></node>";

/*
 * One for the process, and to its end: a cell has a process of its own. QEMU does not forget a listener
 * that has gone (dbus_display_listener_new() keeps a reference with its filter), and goes on calling it.
 */
static struct {
	GDBusConnection *client, *listener; /* ours to QEMU's display, and QEMU's last one to us */

	GMutex lock; /* over what the thread tells: */
	GCond told;
	int shown; /* the last dma-buf that came, until it is looked at; else -1 */
	bool closed;
	uint64_t updates; /* that the last listener was told of */
} display = { .shown = -1 };

struct screen {
	size_t size;
	const struct zcb_view *view;
	int dmabuf;
	void *map; /* NULL while it is not mapped */
	uint64_t awaited; /* updates */
};

/* -- what QEMU calls; in the thread */

static void take_scanout(GDBusMethodInvocation *call, GVariant *arguments)
{
	GUnixFDList *files = g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(call));
	gint32 index = -1;
	int fd;

	g_variant_get_child(arguments, 0, "h", &index);
	fd = files ? g_unix_fd_list_get(files, index, NULL) : -1;
	g_mutex_lock(&display.lock);
	zcb_close_fd_p(&display.shown);
	display.shown = fd;
	g_cond_broadcast(&display.told);
	g_mutex_unlock(&display.lock);
}

static void on_call(GDBusConnection *connection, const gchar *sender, const gchar *path,
		    const gchar *interface, const gchar *method, GVariant *arguments,
		    GDBusMethodInvocation *call, gpointer opaque)
{
	if (!strcmp(method, "ScanoutDMABUF"))
		take_scanout(call, arguments);
	g_dbus_method_invocation_return_value(call, NULL);
	if (strcmp(method, "UpdateDMABUF") != 0)
		return;
	g_mutex_lock(&display.lock);
	display.updates += connection == display.listener;
	g_cond_broadcast(&display.told);
	g_mutex_unlock(&display.lock);
}

/* No further interfaces: so it is ScanoutDMABUF that QEMU calls. */
static GVariant *on_get(GDBusConnection *connection, const gchar *sender, const gchar *path,
			const gchar *interface, const gchar *property, GError **error, gpointer opaque)
{
	return g_variant_new_strv(NULL, 0);
}

static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer opaque)
{
	g_mutex_lock(&display.lock);
	display.closed = true;
	g_cond_broadcast(&display.told);
	g_mutex_unlock(&display.lock);
}

static gpointer dispatch(gpointer context)
{
	for (;;)
		g_main_context_iteration(context, TRUE);
	return NULL;
}

/* -- connecting */

static int fail_with(struct zcb_error *err, const char *what, GError **error)
{
	zcb_fail(err, -EIO, "qemu: its display: %s: %s", what, *error ? (*error)->message : "no reason");
	g_clear_error(error);
	return -EIO;
}

/* Takes the socket, whatever comes of it. */
static GDBusConnection *connect_to(int socket, GDBusConnectionFlags flags, GError **error)
{
	GSocket *gsocket = g_socket_new_from_fd(socket, error);
	GSocketConnection *stream;
	GDBusConnection *connection;

	if (!gsocket) {
		close(socket);
		return NULL;
	}
	g_type_ensure(G_TYPE_UNIX_CONNECTION);
	stream = g_socket_connection_factory_create_connection(gsocket);
	g_object_unref(gsocket);
	connection = g_dbus_connection_new_sync(G_IO_STREAM(stream), NULL,
						flags | G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL,
						NULL, error);
	g_object_unref(stream);
	return connection;
}

/* Gives QEMU its end of the listener's socket. */
static int register_listener(int theirs, struct zcb_error *err)
{
	GUnixFDList *files = g_unix_fd_list_new();
	GError *error = NULL;
	gint index = g_unix_fd_list_append(files, theirs, &error);
	GVariant *answer = NULL;

	if (index >= 0)
		answer = g_dbus_connection_call_with_unix_fd_list_sync(
			display.client, NULL, CONSOLE_PATH, "org.qemu.Display1.Console", "RegisterListener",
			g_variant_new("(h)", index), NULL, G_DBUS_CALL_FLAGS_NONE, PATIENCE_MS, files, NULL, NULL,
			&error);
	g_object_unref(files);
	if (!answer)
		return fail_with(err, "RegisterListener", &error);
	g_variant_unref(answer);
	return 0;
}

/* The object first, and then the messages: the first may have come already. */
static int serve(GDBusConnection *listener, struct zcb_error *err)
{
	static const GDBusInterfaceVTable table = { .method_call = on_call, .get_property = on_get };
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(interface_xml, NULL);
	GMainContext *context = g_main_context_new();
	GError *error = NULL;
	guint id;

	g_main_context_push_thread_default(context);
	g_signal_connect(listener, "closed", G_CALLBACK(on_closed), NULL);
	id = g_dbus_connection_register_object(listener, "/org/qemu/Display1/Listener", node->interfaces[0],
					       &table, NULL, NULL, &error);
	g_main_context_pop_thread_default(context);
	g_dbus_node_info_unref(node);
	g_thread_unref(g_thread_new("display", dispatch, context));
	if (!id)
		return fail_with(err, "a listener", &error);
	g_mutex_lock(&display.lock);
	display.listener = listener;
	display.updates = 0;
	g_mutex_unlock(&display.lock);
	g_dbus_connection_start_message_processing(listener);
	return 0;
}

static int add_listener(struct zcb_error *err)
{
	GDBusConnection *listener;
	GError *error = NULL;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return zcb_fail(err, -errno, "host set-up: no socket for a listener: %m");
	ret = register_listener(pair[1], err);
	close(pair[1]);
	if (ret) {
		close(pair[0]);
		return ret;
	}
	listener = connect_to(pair[0], G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING, &error);
	return listener ? serve(listener, err) : fail_with(err, "the listener's connection", &error);
}

static int connect_display(int socket, struct zcb_error *err)
{
	int ours = fcntl(socket, F_DUPFD_CLOEXEC, 0);
	GError *error = NULL;

	if (ours < 0)
		return zcb_fail(err, -errno, "host set-up: no file for QEMU's display: %m");
	display.client = connect_to(ours, G_DBUS_CONNECTION_FLAGS_NONE, &error);
	return display.client ? add_listener(err) : fail_with(err, "connecting", &error);
}

/* -- the dma-buf */

static void unmap(struct screen *screen)
{
	if (screen->map)
		munmap(screen->map, screen->size);
	screen->map = NULL;
}

static int map(struct screen *screen, struct zcb_error *err)
{
	void *at = mmap(NULL, screen->size, PROT_READ, MAP_SHARED, screen->dmabuf, 0);

	if (at == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the dma-buf of QEMU's display cannot be mapped: %m");
	screen->map = at;
	return 0;
}

static int bracket(const struct screen *screen, uint64_t what, struct zcb_error *err)
{
	struct dma_buf_sync sync = { .flags = what | DMA_BUF_SYNC_READ };

	if (ioctl(screen->dmabuf, DMA_BUF_IOCTL_SYNC, &sync) < 0)
		return zcb_fail(err, -errno, "kernel: DMA_BUF_IOCTL_SYNC: %m");
	return 0;
}

/*
 * Until a frame of the guest is shown there is a picture of QEMU's own. Ours is as large as the frame,
 * and begins with what guest RAM has there.
 */
static bool is_the_frame(struct screen *screen)
{
	char wanted[LINE];
	struct zcb_error ignored;
	off_t size = lseek(screen->dmabuf, 0, SEEK_END);
	bool same;

	if (size != (off_t)screen->size || map(screen, &ignored))
		return false;
	same = pread(screen->view->memfd, wanted, LINE, (off_t)screen->view->page[0].off) == LINE &&
	       !memcmp(wanted, screen->map, LINE);
	unmap(screen);
	return same;
}

/* Takes what was shown last, if anything is within a while. */
static bool take_shown(struct screen *screen)
{
	gint64 deadline = g_get_monotonic_time() + LOST_MS * G_TIME_SPAN_MILLISECOND;
	bool in_time = true;

	zcb_close_fd_p(&screen->dmabuf);
	g_mutex_lock(&display.lock);
	while (display.shown < 0 && in_time)
		in_time = g_cond_wait_until(&display.told, &display.lock, deadline);
	screen->dmabuf = zcb_steal_fd(&display.shown);
	g_mutex_unlock(&display.lock);
	return screen->dmabuf >= 0;
}

static int await_frame(struct screen *screen, struct zcb_error *err)
{
	unsigned int others = 0;

	for (unsigned int lost = 0; lost < PATIENCE_MS / LOST_MS; lost++) {
		int ret;

		while (take_shown(screen)) {
			if (is_the_frame(screen))
				return screen->view->import_each ? 0 : map(screen, err);
			others++;
		}
		ret = add_listener(err);
		if (ret)
			return ret;
	}
	return zcb_fail(err, -EIO, "qemu: its display shows no dma-buf of the guest's frame, but %u "
			"others: its virtio-gpu needs blob=true and /dev/udmabuf", others);
}

/* -- the consumer */

static void screen_close(void *opaque)
{
	struct screen *screen = opaque;

	unmap(screen);
	zcb_close_fd_p(&screen->dmabuf);
	free(screen);
}

static int screen_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	int ret;

	if (!screen)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	screen->view = view;
	screen->size = (size_t)view->pages * 4096;
	screen->dmabuf = -1;
	ret = display.client ? 0 : connect_display(view->display, err);
	if (!ret)
		ret = await_frame(screen, err);
	if (ret) {
		screen_close(screen);
		return ret;
	}
	g_mutex_lock(&display.lock);
	screen->awaited = display.updates;
	g_mutex_unlock(&display.lock);
	*ret_state = screen;
	return 0;
}

static int screen_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct screen *screen = opaque;
	int ret = screen->map ? 0 : map(screen, err);

	if (!ret)
		ret = bracket(screen, DMA_BUF_SYNC_START, err);
	if (!ret)
		*ret_bytes = screen->map;
	return ret;
}

static int screen_release(void *opaque, struct zcb_error *err)
{
	struct screen *screen = opaque;
	int ret = bracket(screen, DMA_BUF_SYNC_END, err);

	if (screen->view->import_each)
		unmap(screen);
	return ret;
}

static int screen_dmabuf(void *opaque)
{
	return ((struct screen *)opaque)->dmabuf;
}

static int screen_await(void *opaque, struct zcb_error *err)
{
	gint64 deadline = g_get_monotonic_time() + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
	struct screen *screen = opaque;
	bool in_time = true, closed;

	g_mutex_lock(&display.lock);
	screen->awaited++;
	while (display.updates < screen->awaited && !display.closed && in_time)
		in_time = g_cond_wait_until(&display.told, &display.lock, deadline);
	in_time = display.updates >= screen->awaited;
	closed = display.closed;
	g_mutex_unlock(&display.lock);
	if (closed && !in_time)
		return zcb_fail(err, -ENOTCONN, "qemu: it is gone (its display hung up)");
	return in_time ? 0 : zcb_fail(err, -ETIMEDOUT, "qemu: its display was not told of a frame that "
				      "the guest drew, in %d s", PATIENCE_MS / 1000);
}

ZCB_CONSUMER_MODULE extern const struct zcb_consumer_ops zcb_consumer_virtio_gpu;
const struct zcb_consumer_ops zcb_consumer_virtio_gpu = {
	.name = "virtio-gpu",
	.open = screen_open,
	.acquire = screen_acquire,
	.release = screen_release,
	.dmabuf = screen_dmabuf,
	.await = screen_await,
	.close = screen_close,
};
