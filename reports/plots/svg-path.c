// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/svg-path.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Nothing of a page is as far away as this, and a long holds it ten times over. */
#define FARTHEST 100000.0

/* One step of a path as gnuplot writes it. */
struct step {
	char command; /* M, L or z */
	long x, y;
};

static bool take_number(const char **at, const char *end, long *ret_tenths)
{
	char text[32];
	size_t n = 0;
	double value;

	while (*at < end && (isspace((unsigned char)**at) || **at == ','))
		(*at)++;
	while (*at < end && n + 1 < sizeof(text) && memchr("0123456789.-", **at, 12))
		text[n++] = *(*at)++;
	text[n] = '\0';
	value = strtod(text, NULL);
	if (!n || !(fabs(value) < FARTHEST))
		return false;
	*ret_tenths = lround(value * 10);
	return true;
}

/* Returns 1 with a step, 0 at the end, or -EOPNOTSUPP. */
static int take_step(const char **at, const char *end, struct step *ret)
{
	while (*at < end && isspace((unsigned char)**at))
		(*at)++;
	if (*at == end)
		return 0;
	ret->command = *(*at)++;
	if (ret->command == 'z' || ret->command == 'Z')
		return 1;
	if ((ret->command != 'M' && ret->command != 'L') || !take_number(at, end, &ret->x) ||
	    !take_number(at, end, &ret->y))
		return -EOPNOTSUPP;
	return 1;
}

static bool is_known(const char *data, size_t n)
{
	const char *at = data, *end = data + n;
	struct step step;
	int more = take_step(&at, end, &step);

	if (more > 0 && step.command != 'M')
		return false;
	while (more > 0)
		more = take_step(&at, end, &step);
	return more == 0;
}

/* No zero before the point, and no space where a sign or a second point parts two numbers. */
static void put_number(struct zcb_svg_path *path, long tenths)
{
	long whole = labs(tenths) / 10, part = labs(tenths) % 10;

	if (path->numbers && tenths >= 0 && !(whole == 0 && part && path->fraction))
		fputc(' ', path->out);
	if (tenths < 0)
		fputc('-', path->out);
	if (whole || !part)
		fprintf(path->out, "%ld", whole);
	if (part)
		fprintf(path->out, ".%ld", part);
	path->fraction = part != 0;
	path->numbers++;
}

static void put_command(struct zcb_svg_path *path, char command)
{
	/* What follows a move without a letter is a line. */
	if (path->command == command || (path->command == 'm' && command == 'l'))
		return;
	fputc(command, path->out);
	path->command = command;
	path->fraction = false;
	path->numbers = 0;
}

static void move(struct zcb_svg_path *path, long x, long y)
{
	path->command = '\0';
	put_command(path, 'm');
	put_number(path, x - path->x);
	put_number(path, y - path->y);
	path->x = path->start_x = x;
	path->y = path->start_y = y;
}

static void draw(struct zcb_svg_path *path, long x, long y)
{
	long right = x - path->x, down = y - path->y;

	if (right && down)
		put_command(path, 'l');
	else
		put_command(path, down ? 'v' : 'h');
	if (right || !down)
		put_number(path, right);
	if (down)
		put_number(path, down);
	path->x = x;
	path->y = y;
}

static void close_subpath(struct zcb_svg_path *path)
{
	fputc('z', path->out);
	path->command = 'z';
	path->x = path->start_x;
	path->y = path->start_y;
}

/* Lines of no length show nothing, but where a subpath has no other. */
static void add_steps(struct zcb_svg_path *path, const char *at, const char *end)
{
	struct step step, begin = {0};
	bool begun = false;

	while (take_step(&at, end, &step) > 0) {
		if (step.command == 'M') {
			begin = step;
			begun = false;
		} else if (step.command != 'L') {
			if (begun)
				close_subpath(path);
		} else {
			if (!begun)
				move(path, begin.x, begin.y);
			if (!begun || step.x != path->x || step.y != path->y)
				draw(path, step.x, step.y);
			begun = true;
		}
	}
}

int zcb_svg_path_add(struct zcb_svg_path *path, const char *data, size_t n)
{
	if (!is_known(data, n))
		return -EOPNOTSUPP;
	if (!path->out)
		path->out = open_memstream(&path->text, &path->room);
	if (!path->out)
		return -ENOMEM;
	add_steps(path, data, data + n);
	return 0;
}

int zcb_svg_path_close(struct zcb_svg_path *path)
{
	FILE *out = path->out;

	path->out = NULL;
	return out && fclose(out) != 0 ? -ENOMEM : 0;
}

void zcb_svg_path_finish(struct zcb_svg_path *path)
{
	if (path->out)
		fclose(path->out);
	free(path->text);
	*path = (struct zcb_svg_path){0};
}
