// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the dma-buf as a compositor does: an EGLImage of it becomes a texture, a shader draws that,
 * and glReadPixels() brings the picture back. Each pixel that is drawn is four bytes of the frame as
 * they lie in memory, fetched and never filtered, so that every byte can be judged: of xrgb8888 all
 * but the one that no shader can see.
 *
 * Context, programs and target are made once for the cell, the images once a round or, with
 * "import":"each", for each reading.
 */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/consumers/consumer.h"
#include "bench/consumers/egl-device.h"

enum layout { LAYOUT_BGRA, LAYOUT_BGRX, LAYOUT_565, LAYOUT_R, LAYOUT_RG, LAYOUTS };

#define FOURCC_R8 0x20203852U
#define FOURCC_GR88 0x38385247U

#define HEAD \
	"#version 300 es\n" \
	"precision highp float;\n" \
	"precision highp int;\n" \
	"uniform highp sampler2D image;\n" \
	"out vec4 bytes;\n" \
	"vec4 at(int x) { return texelFetch(image, ivec2(x, int(gl_FragCoord.y)), 0); }\n"

/* The four bytes of the frame that belong at one pixel of the target. */
static const char *const fragments[LAYOUTS] = {
	[LAYOUT_BGRA] = HEAD "void main() { bytes = at(int(gl_FragCoord.x)).bgra; }\n",
	[LAYOUT_BGRX] = HEAD "void main() { bytes = vec4(at(int(gl_FragCoord.x)).bgr, 0.0); }\n",
	[LAYOUT_565] = HEAD
	"vec2 pair(int x) {\n"
	"  uvec3 c = uvec3(at(x).rgb * vec3(31.0, 63.0, 31.0) + 0.5);\n"
	"  uint v = c.r << 11 | c.g << 5 | c.b;\n"
	"  return vec2(float(v & 255u), float(v >> 8)) / 255.0;\n"
	"}\n"
	"void main() { int x = 2 * int(gl_FragCoord.x); bytes = vec4(pair(x), pair(x + 1)); }\n",
	[LAYOUT_R] = HEAD
	"void main() { int x = 4 * int(gl_FragCoord.x);\n"
	"  bytes = vec4(at(x).r, at(x + 1).r, at(x + 2).r, at(x + 3).r); }\n",
	[LAYOUT_RG] = HEAD
	"void main() { int x = 2 * int(gl_FragCoord.x); bytes = vec4(at(x).rg, at(x + 1).rg); }\n",
};

/* One triangle that covers all of the target. */
static const char vertex[] =
	"#version 300 es\n"
	"void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0,\n"
	"  gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }\n";

/* One for the process: a cell has a process of its own. */
static struct {
	EGLDisplay display;
	EGLContext context;
	bool modifiers;
	PFNGLEGLIMAGETARGETTEXTURE2DOESPROC texture_of_image;
	GLuint program[LAYOUTS], framebuffer, target;
	uint32_t width, height; /* of the target */
} gl;

/* A plane of the picture as a texture. */
struct part {
	struct zcb_plane plane;
	enum layout layout;
	uint32_t fourcc, width; /* in texels */
	EGLImage image;
	GLuint texture;
};

struct egl_state {
	int dmabuf;
	bool import_each;
	unsigned int parts;
	struct part part[2];
	unsigned char bytes[];
};

static int check_display(struct zcb_error *err)
{
	static const char *const needed[] = { "EGL_EXT_image_dma_buf_import", "EGL_KHR_surfaceless_context",
					      "EGL_KHR_no_config_context" };
	const char *has = eglQueryString(gl.display, EGL_EXTENSIONS);

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!zcb_egl_has(has, needed[i]))
			return zcb_fail(err, -EOPNOTSUPP, "host set-up: %s %s lacks %s: it takes Mesa 25, and "
					"/dev/udmabuf for its software renderer",
					eglQueryString(gl.display, EGL_VENDOR),
					eglQueryString(gl.display, EGL_VERSION), needed[i]);
	gl.modifiers = zcb_egl_has(has, "EGL_EXT_image_dma_buf_import_modifiers");
	return 0;
}

static int make_context(struct zcb_error *err)
{
	static const EGLint attributes[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_NONE };

	eglBindAPI(EGL_OPENGL_ES_API);
	gl.context = eglCreateContext(gl.display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
	if (gl.context == EGL_NO_CONTEXT ||
	    !eglMakeCurrent(gl.display, EGL_NO_SURFACE, EGL_NO_SURFACE, gl.context))
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: EGL gives no context of GLES 3: error 0x%x",
				eglGetError());
	gl.texture_of_image = (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)eglGetProcAddress(
		"glEGLImageTargetTexture2DOES");
	if (!gl.texture_of_image)
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: GLES lacks GL_OES_EGL_image");
	glGenFramebuffers(1, &gl.framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, gl.framebuffer);
	glDisable(GL_DITHER);
	return 0;
}

static int set_up(struct zcb_error *err)
{
	int ret;

	if (gl.context)
		return 0;
	ret = zcb_egl_display(&gl.display, err);
	if (!ret)
		ret = check_display(err);
	return ret ? ret : make_context(err);
}

static GLuint compile(GLenum kind, const char *source)
{
	GLuint shader = glCreateShader(kind);

	glShaderSource(shader, 1, &source, NULL);
	glCompileShader(shader);
	return shader;
}

static int make_program(enum layout layout, struct zcb_error *err)
{
	GLuint program, parts[2];
	GLint linked = 0;

	if (gl.program[layout])
		return 0;
	program = glCreateProgram();
	parts[0] = compile(GL_VERTEX_SHADER, vertex);
	parts[1] = compile(GL_FRAGMENT_SHADER, fragments[layout]);
	for (int i = 0; i < 2; i++) {
		glAttachShader(program, parts[i]);
		glDeleteShader(parts[i]);
	}
	glLinkProgram(program);
	glGetProgramiv(program, GL_LINK_STATUS, &linked);
	if (!linked) {
		char log[256] = "";

		glGetProgramInfoLog(program, sizeof(log), NULL, log);
		glDeleteProgram(program);
		return zcb_fail(err, -EIO, "zcbench bug: the shader does not link: %s", log);
	}
	gl.program[layout] = program;
	return 0;
}

/* What is drawn into: as large as the largest plane of this cell. */
static int make_target(uint32_t width, uint32_t height, struct zcb_error *err)
{
	if (width <= gl.width && height <= gl.height)
		return 0;
	glDeleteTextures(1, &gl.target);
	glGenTextures(1, &gl.target);
	glBindTexture(GL_TEXTURE_2D, gl.target);
	glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, (GLsizei)width, (GLsizei)height);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, gl.target, 0);
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: GLES cannot draw a picture of %ux%u", width,
				height);
	gl.width = width;
	gl.height = height;
	return 0;
}

static int import(const struct egl_state *state, struct part *part, struct zcb_error *err)
{
	EGLAttrib attributes[] = {
		EGL_WIDTH, part->width,
		EGL_HEIGHT, part->plane.rows,
		EGL_LINUX_DRM_FOURCC_EXT, part->fourcc,
		EGL_DMA_BUF_PLANE0_FD_EXT, state->dmabuf,
		EGL_DMA_BUF_PLANE0_OFFSET_EXT, part->plane.offset,
		EGL_DMA_BUF_PLANE0_PITCH_EXT, part->plane.stride,
		EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT, 0, /* linear */
		EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT, 0,
		EGL_NONE,
	};

	if (!gl.modifiers)
		attributes[12] = EGL_NONE;
	part->image = eglCreateImage(gl.display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
	if (part->image == EGL_NO_IMAGE)
		return zcb_fail(err, -EIO, "host set-up: EGL cannot import the dma-buf (%ux%u, fourcc %.4s): "
				"error 0x%x", part->width, part->plane.rows, (const char *)&part->fourcc,
				eglGetError());
	glGenTextures(1, &part->texture);
	glBindTexture(GL_TEXTURE_2D, part->texture);
	gl.texture_of_image(GL_TEXTURE_2D, part->image);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	return 0;
}

static void drop(struct part *part)
{
	if (part->texture)
		glDeleteTextures(1, &part->texture);
	if (part->image)
		eglDestroyImage(gl.display, part->image);
	part->texture = 0;
	part->image = EGL_NO_IMAGE;
}

static void drop_all(struct egl_state *state)
{
	for (unsigned int i = 0; i < state->parts; i++)
		drop(&state->part[i]);
}

static int import_all(struct egl_state *state, struct zcb_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < state->parts && !ret; i++)
		ret = import(state, &state->part[i], err);
	if (ret)
		drop_all(state);
	return ret;
}

static void describe(struct egl_state *state, const struct zcb_geometry *geometry)
{
	static const struct {
		enum layout layout;
		uint32_t fourcc, texel;
	} kinds[ZCB_FORMATS][2] = {
		[ZCB_FORMAT_XRGB8888] = { { LAYOUT_BGRX, 0, 4 } },
		[ZCB_FORMAT_ARGB8888] = { { LAYOUT_BGRA, 0, 4 } },
		[ZCB_FORMAT_RGB565] = { { LAYOUT_565, 0, 2 } },
		[ZCB_FORMAT_NV12] = { { LAYOUT_R, FOURCC_R8, 1 }, { LAYOUT_RG, FOURCC_GR88, 2 } },
	};
	struct zcb_plane planes[2];

	state->parts = zcb_geometry_planes(geometry, planes);
	for (unsigned int i = 0; i < state->parts; i++) {
		uint32_t fourcc = kinds[geometry->format][i].fourcc;

		state->part[i] = (struct part){
			.plane = planes[i],
			.layout = kinds[geometry->format][i].layout,
			.fourcc = fourcc ? fourcc : zcb_format_fourcc(geometry->format),
			.width = planes[i].row_bytes / kinds[geometry->format][i].texel,
		};
	}
}

static int make_ready(struct egl_state *state, struct zcb_error *err)
{
	int ret = set_up(err);

	for (unsigned int i = 0; i < state->parts && !ret; i++) {
		ret = make_program(state->part[i].layout, err);
		if (!ret)
			ret = make_target(state->part[i].plane.row_bytes / 4, state->part[i].plane.rows, err);
	}
	if (!ret && !state->import_each)
		ret = import_all(state, err);
	return ret;
}

static int egl_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct egl_state *state = calloc(1, sizeof(*state) + (size_t)view->pages * 4096);
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->dmabuf = view->dmabuf;
	state->import_each = view->import_each;
	describe(state, &view->geometry);
	ret = make_ready(state, err);
	if (ret) {
		free(state);
		return ret;
	}
	*ret_state = state;
	return 0;
}

static uint64_t egl_carries(const struct zcb_geometry *geometry)
{
	return geometry->format == ZCB_FORMAT_XRGB8888 ? UINT64_C(0x00ffffff00ffffff) : UINT64_MAX;
}

static void draw(struct egl_state *state, const struct part *part)
{
	GLsizei width = (GLsizei)part->plane.row_bytes / 4, height = (GLsizei)part->plane.rows;

	glUseProgram(gl.program[part->layout]);
	glBindTexture(GL_TEXTURE_2D, part->texture);
	glViewport(0, 0, width, height);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glPixelStorei(GL_PACK_ROW_LENGTH, (GLint)part->plane.stride / 4);
	glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, state->bytes + part->plane.offset);
}

static int egl_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct egl_state *state = opaque;
	int ret = state->import_each ? import_all(state, err) : 0;
	GLenum problem;

	if (ret)
		return ret;
	for (unsigned int i = 0; i < state->parts; i++)
		draw(state, &state->part[i]);
	problem = glGetError();
	if (problem != GL_NO_ERROR) {
		if (state->import_each)
			drop_all(state);
		return zcb_fail(err, -EIO, "host set-up: GLES imported the dma-buf and cannot read it: "
				"error 0x%x", problem);
	}
	*ret_bytes = state->bytes;
	return 0;
}

static int egl_release(void *opaque, struct zcb_error *err)
{
	struct egl_state *state = opaque;

	if (state->import_each)
		drop_all(state);
	return 0;
}

static void egl_close(void *opaque)
{
	drop_all(opaque);
	free(opaque);
}

ZCB_CONSUMER_MODULE extern const struct zcb_consumer_ops zcb_consumer_egl;
const struct zcb_consumer_ops zcb_consumer_egl = {
	.name = "egl",
	.carries = egl_carries,
	.open = egl_open,
	.acquire = egl_acquire,
	.release = egl_release,
	.close = egl_close,
};
