// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/plot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "reports/plots/gnuplot.h"
#include "reports/plots/svg-flat.h"

#define MAX_SVG_BYTES (4U << 20)
#define MAX_LABEL 64U

void zcb_plot_label(FILE *data, const char *label)
{
	size_t n = 0;

	fputc('"', data);
	for (; *label && n < MAX_LABEL; label++, n++) {
		bool plain = isascii((unsigned char)*label) &&
			     (isalnum((unsigned char)*label) || strchr(" .,:/()+=-_", *label));

		fputc(plain ? *label : '?', data);
	}
	fputc('"', data);
}

int zcb_plot_folder(int run_dirfd)
{
	int fd;

	if (mkdirat(run_dirfd, "plots", 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(run_dirfd, "plots", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_script(int dirfd, const char *name, const char *path, const char *script,
			const char *variables)
{
	ZCB_FREE char *text = NULL;
	int n = asprintf(&text,
			 "# Run by zcbench report; `gnuplot %s` draws %s.svg again.\n"
			 "data = '%s.dat'\nset output '%s.svg'\n%s\n%s",
			 path, name, name, name, variables, script);

	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return zcb_replace_file(dirfd, path, text, (size_t)n);
}

struct names {
	char script[80], data[80], log[80], svg[80];
};

static struct names names_of(const char *name)
{
	struct names names;

	snprintf(names.script, sizeof(names.script), "%.64s.gp", name);
	snprintf(names.data, sizeof(names.data), "%.64s.dat", name);
	snprintf(names.log, sizeof(names.log), "%.64s.log", name);
	snprintf(names.svg, sizeof(names.svg), "%.64s.svg", name);
	return names;
}

static int write_inputs(int dirfd, const char *name, const char *script, const char *variables,
			const char *data)
{
	const struct names names = names_of(name);
	int err = zcb_replace_file(dirfd, names.data, data, strlen(data));

	/* An old picture must not pass for a new one, nor a planted link be written through. */
	unlinkat(dirfd, names.svg, 0);
	unlinkat(dirfd, names.log, 0);
	return err ? err : write_script(dirfd, name, names.script, script, variables);
}

static int read_picture(int dirfd, const char *name, const char *prefix, struct zcb_svg *ret_svg)
{
	const struct names names = names_of(name);
	ZCB_FREE char *text = NULL;
	size_t n = 0;
	char *flat;
	int err = zcb_read_file(dirfd, names.svg, MAX_SVG_BYTES, &text, &n);

	if (!err)
		err = zcb_svg_clean(text, n, prefix, ret_svg);
	if (!err && zcb_svg_flatten(ret_svg->body, prefix, &flat) == 0) {
		free(ret_svg->body);
		ret_svg->body = flat;
		ret_svg->flat = true;
	}
	return err;
}

int zcb_plot_draw(int run_dirfd, const char *name, const char *script, const char *variables,
		  const char *data, const char *prefix, struct zcb_svg *ret_svg, struct zcb_error *err)
{
	const struct names names = names_of(name);
	ZCB_CLOSE int dirfd = zcb_plot_folder(run_dirfd);
	int result;

	if (dirfd < 0)
		return zcb_fail(err, dirfd,
				"host set-up: the folder plots/ of the run directory: %s",
				strerror(-dirfd));
	result = write_inputs(dirfd, name, script, variables, data);
	if (result)
		return zcb_fail(err, result, "host set-up: writing into plots/: %s",
				strerror(-result));
	result = zcb_gnuplot_run(dirfd, names.script, names.log, err);
	if (result)
		return result;
	/* A plot that went well has nothing to say. */
	unlinkat(dirfd, names.log, 0);
	result = read_picture(dirfd, name, prefix, ret_svg);
	if (result)
		return zcb_fail(err, result,
				"host set-up: gnuplot left no usable picture in plots/%s: %s",
				names.svg, strerror(-result));
	return 0;
}
