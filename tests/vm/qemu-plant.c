// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands before the guest's QEMU on the PATH of a host under test, and starts it with other words: so
 * a test takes a device away for real. Each line of the file beside it, /usr/sbin/qemu-plant, is a part
 * of a word, a tab, and what takes the part's place; or nothing, and then the word goes, and the option
 * before it. Static, so that the agent that is preloaded into QEMU is not preloaded into this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES 8

struct rule {
	char from[128], to[128];
};

static int read_rules(struct rule *rules)
{
	FILE *f = fopen("/usr/sbin/qemu-plant", "re");
	char line[256];
	int n = 0;

	while (f && n < RULES && fgets(line, sizeof(line), f)) {
		*rules[n].to = '\0';
		n += sscanf(line, "%127[^\t]%*[\t]%127[^\n]", rules[n].from, rules[n].to) > 0;
	}
	if (f)
		fclose(f);
	return n;
}

static char *replaced(const char *word, const char *at, const struct rule *rule)
{
	char *text = NULL;

	if (asprintf(&text, "%.*s%s%s", (int)(at - word), word, rule->to, at + strlen(rule->from)) < 0)
		exit(126);
	return text;
}

int main(int argc, char **argv)
{
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	struct rule rules[RULES];
	int n_rules = read_rules(rules), n = 0;

	for (int i = 0; words && i < argc; i++) {
		words[n++] = argv[i];
		for (int r = 0; r < n_rules; r++) {
			const char *at = strstr(argv[i], rules[r].from);

			if (at && *rules[r].to)
				words[n - 1] = replaced(argv[i], at, &rules[r]);
			else if (at && n > 1)
				n -= 2;
		}
	}
	if (words)
		execv("/usr/bin/qemu-system-x86_64", words);
	return 127;
}
