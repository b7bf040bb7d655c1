// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/results/utf8.h"
#include "reports/html/writer.h"
#include "reports/plots/plot.h"
#include "reports/plots/svg-flat.h"
#include "reports/plots/svg.h"

struct page {
	struct zcb_html html;
	char *text;
	size_t n;
};

static void start(struct page *page)
{
	*page = (struct page){ 0 };
	page->html.out = open_memstream(&page->text, &page->n);
	assert_non_null(page->html.out);
}

static void assert_page(struct page *page, const char *expected)
{
	fclose(page->html.out);
	assert_string_equal(page->text, expected);
	free(page->text);
}

static void text_becomes(const char *text, const char *expected)
{
	struct page page;

	start(&page);
	zcb_html_text(&page.html, text);
	assert_page(&page, expected);
}

static void markup_is_escaped(void **state)
{
	text_becomes("<script>alert('1')</script>",
		     "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
	text_becomes("\"&amp;\"", "&quot;&amp;amp;&quot;");
	text_becomes("", "");
}

static void what_is_no_utf8_is_replaced(void **state)
{
	text_becomes("a\xff" "b", "a\xef\xbf\xbd" "b");
	text_becomes("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");		    /* an overlong '/' */
	text_becomes("\xed\xa0\x80", "\xef\xbf\xbd");			    /* a surrogate */
	text_becomes("\xe2\x98", "\xef\xbf\xbd");			    /* torn */
	text_becomes("\xe2\x98<", "\xef\xbf\xbd&lt;");			    /* does not eat the '<' */
	text_becomes("\xf4\x90\x80\x80", "\xef\xbf\xbd");		    /* above U+10FFFF */
	text_becomes("\xe2\x98\x83", "\xe2\x98\x83");
	text_becomes("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
}

static void what_cannot_be_seen_is_shown(void **state)
{
	text_becomes("\x1b[31m", "[U+001B][31m");
	text_becomes("a\nb\x7f", "a[U+000A]b[U+007F]");
	text_becomes("\xe2\x80\xae" "evil", "[U+202E]evil");
	text_becomes("\xc2\x85", "[U+0085]");
	text_becomes("\xef\xbf\xbf", "[U+FFFF]");
}

static void attributes_cannot_be_left(void **state)
{
	struct page page;

	start(&page);
	zcb_html_raw(&page.html, "<p");
	zcb_html_attribute(&page.html, "title", "\" onclick='x' <");
	zcb_html_raw(&page.html, ">");
	assert_page(&page, "<p title=\"&quot; onclick=&#39;x&#39; &lt;\">");
}

static void formatted_text_is_escaped_after_formatting(void **state)
{
	struct page page;

	start(&page);
	zcb_html_textf(&page.html, "<%s>", "<i>");
	assert_page(&page, "&lt;&lt;i&gt;&gt;");
}

static void long_text_is_cut_and_says_so(void **state)
{
	struct page page;

	start(&page);
	zcb_html_clip(&page.html, "\xe2\x98\x83<abc", 2);
	assert_page(&page, "\xe2\x98\x83&lt;… [3 more bytes]");
}

static void preformatted_text_keeps_its_lines(void **state)
{
	static const char text[] = "a\r\nb\tc\0d\r<";
	struct page page;

	start(&page);
	zcb_html_preformatted(&page.html, text, sizeof(text) - 1);
	assert_page(&page, "a\nb\tc[U+0000]d[U+000D]&lt;");
}

static void numbers_are_grouped(void **state)
{
	struct page page;

	start(&page);
	zcb_html_count(&page.html, 0);
	zcb_html_raw(&page.html, " ");
	zcb_html_count(&page.html, 999);
	zcb_html_raw(&page.html, " ");
	zcb_html_count(&page.html, UINT64_MAX);
	zcb_html_raw(&page.html, " ");
	zcb_html_decimal(&page.html, 1234567.891, 2);
	zcb_html_raw(&page.html, " ");
	zcb_html_decimal(&page.html, -1, 0);
	zcb_html_raw(&page.html, " ");
	zcb_html_decimal(&page.html, strtod("nan", NULL), 0);
	assert_page(&page, "0 999 18,446,744,073,709,551,615 1,234,567.89 −1 ?");
}

static void pictures_are_base64(void **state)
{
	struct page page;

	start(&page);
	zcb_html_png(&page.html, "M", 1);
	zcb_html_png(&page.html, "Ma", 2);
	zcb_html_png(&page.html, "Man\xff", 4);
	assert_page(&page, "data:image/png;base64,TQ==data:image/png;base64,TWE="
			   "data:image/png;base64,TWFu/w==");
}

/* Every code point goes there and back, and nothing else decodes. */
static void utf8_goes_there_and_back(void **state)
{
	char bytes[4];
	uint32_t back;

	for (uint32_t code = 0; code < 0x110000; code++) {
		size_t n = zcb_utf8_encode(code, bytes);
		bool surrogate = code >= 0xd800 && code < 0xe000;

		assert_int_equal(zcb_utf8_decode(bytes, n, &back), n);
		assert_int_equal(back, surrogate ? ZCB_UTF8_REPLACEMENT : code);
		if (n > 1)
			assert_in_range(zcb_utf8_decode(bytes, n - 1, &back), 1, n - 1);
	}
}

static void clean_becomes(const char *svg, const char *expected)
{
	struct zcb_svg clean = { 0 };

	assert_int_equal(zcb_svg_clean(svg, strlen(svg), "p1", &clean), 0);
	assert_string_equal(clean.body, expected);
	zcb_svg_finish(&clean);
}

#define SVG(inside) "<?xml version='1.0'?><svg width=\"10\" height='5' onload=\"x\">" inside "</svg>"

static void a_picture_keeps_shapes_and_nothing_else(void **state)
{
	clean_becomes(SVG("<path d='M1,2 L3,4' stroke='rgb(  0,   0, 162)'/>"),
		      "<path d=\"M1,2 L3,4\" stroke=\"currentColor\" class=\"s2\"/>");
	clean_becomes(SVG("<script>alert(1)</script><title>t<b></b></title><g>x</g>"), "<g>x</g>");
	clean_becomes(SVG("<path onclick='x' style='fill:url(a)' d='javascript:x'/>"), "<path/>");
	clean_becomes(SVG("<image href='http://a/b'/><foreignObject><p>x</p></foreignObject>"), "x");
	clean_becomes(SVG("<use xlink:href='http://a'/><use xlink:href='#gpPt1'/>"),
		      "<use/><use href=\"#p1-gpPt1\"/>");
	clean_becomes(SVG("<circle id='a' fill='black'/><circle id='\"><b>'/><use href='#a'/>"),
		      "<circle id=\"p1-a\" fill=\"currentColor\"/><circle/><use href=\"#p1-a\"/>");
	clean_becomes(SVG("<text>a &lt; b & c > d</text>"), "<text>a &lt; b &amp; c &gt; d</text>");
}

/* What shows nothing goes; what shows something stays where it was, to a tenth of a pixel. */
static void a_picture_is_squeezed(void **state)
{
	clean_becomes(SVG("\n\t<g>\n<g stroke-width='1.00'>\n</g>\n</g>\n<g>\n\t<text>a b</text>\n</g>"),
		      "<g><text>a b</text></g>");
	clean_becomes(SVG("<text>a<tspan> </tspan>b 394.3333</text>"), "<text>a<tspan> </tspan>b 394.3333</text>");
	clean_becomes(SVG("<path d='M394.33,16.85 L99.96,5.00 l0.222,10.50' stroke-width='0.60'/>"),
		      "<path d=\"M394.3,16.9 L100,5 l0.222,10.5\" stroke-width=\"0.6\"/>");
	clean_becomes(SVG("<path d='M1.000000000000000000000000000000000000001'/>"),
		      "<path d=\"M1.000000000000000000000000000000000000001\"/>");
	clean_becomes(SVG("<g stroke-linecap='butt' stroke-linejoin='miter'>a</g><path stroke-linecap='round'/>"),
		      "<g>a</g><path stroke-linecap=\"round\"/>");
	/* Only the last is drawn, and what it is drawn with: its own and what that refers to. */
	clean_becomes(SVG("<defs><circle id='a'/><use id='b' href='#a'/><circle id='c'/><use id='d' href='#c'/>"
			  "</defs><use href='#b'/>"),
		      "<defs><circle id=\"p1-a\"/><use id=\"p1-b\" href=\"#p1-a\"/></defs>"
		      "<use href=\"#p1-b\"/>");
	clean_becomes(SVG("</g></g><g><g><g>"), "</g></g><g><g><g>");
}

static void flat_becomes(const char *body, const char *expected)
{
	char *flat = NULL;

	assert_int_equal(zcb_svg_flatten(body, "p1", &flat), 0);
	assert_string_equal(flat, expected);
	free(flat);
}

#define LINES "<g fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\">"

/* What a shape inherits, it says itself; what a page of class flat takes unsaid, nobody says. */
static void a_picture_is_flattened(void **state)
{
	flat_becomes(LINES "<path stroke=\"currentColor\" d=\"M64.5,192 L412.8,192 L412.8,190.06 L413,189.5  \" class=\"s2\"/></g>",
		     "<path stroke-width=\"1.5\" class=\"s2\" d=\"m64.5 192h348.3v-1.9l.2-.6\"/>");
	flat_becomes("<path d=\"M1,1 L2,2 L3,1 z M5,5 L6,6\"/>",
		     "<path fill=\"currentColor\" stroke=\"none\" d=\"m1 1 1 1 1-1zm4 4 1 1\"/>");
	flat_becomes("<g stroke=\"none\"><polygon fill=\"currentColor\" fill-opacity=\"0.5\" points=\"1,2 3,2 3,4  \"/></g>",
		     "<path fill=\"currentColor\" stroke=\"none\" fill-opacity=\"0.5\" d=\"m1 2h2v2z\"/>");
	/* The canvas, and a line that goes nowhere. */
	flat_becomes("<g><rect x=\"0\" fill=\"none\"/>" LINES "<path d=\"M1,1 \"/></g></g>", "");
	/* Two that look alike are one; the grid stands first and words last, wherever they came. */
	flat_becomes(LINES "<path d=\"M1,1 L2,2\" class=\"s1\"/><g transform=\"translate(5.5,6)\" stroke=\"none\" "
		     "fill=\"currentColor\" font-size=\"12\" text-anchor=\"end\"><text>a &lt; b</text></g>"
		     "<path d=\"M3,1 L4,2\" class=\"s9\"/><path d=\"M0,1 L1,2\" class=\"s1\"/></g>",
		     "<path stroke-width=\"1.5\" class=\"s9\" d=\"m3 1 1 1\"/><path stroke-width=\"1.5\" class=\"s1\" "
		     "d=\"m1 1 1 1m-2-1 1 1\"/><text x=\"5.5\" y=\"6\" class=\"e\">a &lt; b</text>");
	/* Each marker once; those of one look in a group. */
	flat_becomes("<defs><circle id=\"p1-gpPt5\"/></defs>" LINES
		     "<use href=\"#p1-gpPt6\" transform=\"translate(1,2) scale(3)\"/>"
		     "<use href=\"#p1-gpPt6\" transform=\"translate(3,4) scale(3)\"/></g>",
		     "<defs><path id=\"p1a\" transform=\"scale(3)\" stroke-width=\".222\" fill=\"currentColor\" "
		     "stroke=\"none\" d=\"M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z\"/></defs><g stroke-width=\"1.5\">"
		     "<use href=\"#p1a\" x=\"1\" y=\"2\"/><use href=\"#p1a\" x=\"3\" y=\"4\"/></g>");
}

/* It keeps its hands off what it does not know. */
static void a_strange_picture_stays(void **state)
{
	static const char *const strange[] = {
		"<path d=\"M1,1 C2,2 3,3 4,4\"/>", "<path d=\"L1,1\"/>", "<path d=\"M1,1 L1e9,1\"/>", "<path d=\"M1\"/>",
		"<circle r=\"1\"/>", "<use href=\"#p1-a\"/>", "<use href=\"#p1-gpPt99\" transform=\"translate(1,2) scale(3)\"/>",
		"<g>", "</g>", "<g", "loose", "<text>", "<g clip-path=\"url(a)\"></g>",
		"<g transform=\"translate(1,2)\"><path d=\"M1,1 L2,2\"/></g>" };
	char *flat = NULL;

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_int_equal(zcb_svg_flatten(strange[i], "p1", &flat), -EOPNOTSUPP);
		assert_null(flat);
	}
}

static void no_picture_is_refused(void **state)
{
	static const char *const bad[] = { "", "<", "<svg", "<svg width='1'", "<svg width='1' height='1'>",
					   "<svg width='x' height='1'></svg>", "no picture", "<svg <svg" };
	struct zcb_svg clean;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(zcb_svg_clean(bad[i], strlen(bad[i]), "p", &clean) < 0);
}

static void labels_mean_nothing_to_gnuplot(void **state)
{
	struct page page;

	start(&page);
	zcb_plot_label(page.html.out, "a b-1\n`x`$y@z{q}\"\\'\t\xc3\xa9");
	assert_page(&page, "\"a b-1??x??y?z?q???????\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(what_cannot_be_seen_is_shown),
		cmocka_unit_test(attributes_cannot_be_left),
		cmocka_unit_test(formatted_text_is_escaped_after_formatting),
		cmocka_unit_test(long_text_is_cut_and_says_so),
		cmocka_unit_test(preformatted_text_keeps_its_lines),
		cmocka_unit_test(numbers_are_grouped),
		cmocka_unit_test(pictures_are_base64),
		cmocka_unit_test(utf8_goes_there_and_back),
		cmocka_unit_test(a_picture_keeps_shapes_and_nothing_else),
		cmocka_unit_test(a_picture_is_squeezed),
		cmocka_unit_test(a_picture_is_flattened),
		cmocka_unit_test(a_strange_picture_stays),
		cmocka_unit_test(no_picture_is_refused),
		cmocka_unit_test(labels_mean_nothing_to_gnuplot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
