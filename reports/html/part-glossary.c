// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/page.h"

/* The words of the report, the same as in code and options. */

void zcb_part_glossary(struct zcb_page *page)
{
	zcb_html_raw(
		&page->html,
		"<section id=\"words\">\n<h2>How to read it</h2>\n"
		"<p>A virtual machine monitor keeps the guest’s RAM in one memfd. A frame is made of scattered "
		"pages of it, which udmabuf wraps into a dma-buf for readers that copy nothing. When the host "
		"takes pages away and the guest refills them, the memfd has new pages; the dma-buf may go on "
		"showing the old ones. Every line of a frame carries its sequence, page and a check, so each "
		"can be judged alone, and every byte is.</p>\n"
		"<h3>What a page can be</h3>\n<dl class=\"words\">\n"
		"<dt>F fresh</dt><dd>the sequence that the guest last published</dd>\n"
		"<dt>S stale</dt><dd>whole and valid, but of some frames ago</dd>\n"
		"<dt>Z zero</dt><dd>all zero: a hole, or a new page that nobody filled</dd>\n"
		"<dt>T torn</dt><dd>valid lines of different sequences in a frame that the fence calls complete</dd>\n"
		"<dt>X foreign</dt><dd>a valid line of another page or another frame</dd>\n"
		"<dt>C corrupt</dt><dd>anything else</dd>\n</dl>\n"
		"<h3>What a variant declares, and a cell observes</h3>\n<dl class=\"words\">\n"
		"<dt>fresh</dt><dd>readers see the guest’s last frame</dd>\n"
		"<dt>stale</dt><dd>readers see the old page for good</dd>\n"
		"<dt>stale-until-refill</dt><dd>readers see the old page until the hole is filled again</dd>\n"
		"<dt>lookup</dt><dd>readers see the new page at their next look-up</dd>\n"
		"<dt>refused</dt><dd>the kernel does not move the page</dd>\n"
		"<dt>zero-in-place</dt><dd>the kernel zeroes the page where it is: memfd and readers agree</dd>\n</dl>\n"
		"<h3>How a cell ends</h3>\n<dl class=\"words\">\n"
		"<dt>✓ pass</dt><dd>what was observed is what the variant declares; staleness too</dd>\n"
		"<dt>✗ fail</dt><dd>it is not</dd>\n"
		"<dt>† crash</dt><dd>the cell’s process died of a signal, or hung</dd>\n"
		"<dt>! error</dt><dd>the harness or the workload could not do its work</dd>\n"
		"<dt>– skip</dt><dd>something is missing; the reason says what, and how to mend it</dd>\n"
		"<dt>⊘ tainted</dt><dd>the kernel reported a fault in that boot: nothing of it counts</dd>\n</dl>\n"
		"<h3>Words</h3>\n<dl class=\"words\">\n"
		"<dt>host under test</dt><dd>the Linux kernel that is measured: in a VM, or this machine</dd>\n"
		"<dt>guest</dt><dd>a VM on the host under test, its RAM one sealed memfd: <em>linux</em>, a real "
		"one, or <em>micro</em>, one virtual CPU in the process</dd>\n"
		"<dt>frame</dt><dd>an ordered list of scattered guest pages with a pattern that identifies itself</dd>\n"
		"<dt>consumer</dt><dd>a reader of the dma-buf: <em>mmap</em>, <em>scanout</em>, <em>egl</em>, "
		"<em>gst</em>; <em>oracle</em> reads the memfd itself; <em>null</em> reads nothing</dd>\n"
		"<dt>workload</dt><dd>what takes away, refills or moves guest pages while consumers read</dd>\n"
		"<dt>variant</dt><dd>how the kernel tells udmabuf about replaced pages; <em>stock</em>: not at all</dd>\n"
		"<dt>cell</dt><dd>one variant, memory, guest, workload and consumer with its parameters, in a "
		"process of its own</dd>\n"
		"<dt>boot</dt><dd>one boot of the host under test: the unit of statistics</dd>\n"
		"<dt>p50, p90, p99</dt><dd>exact order statistics: the smallest sample that this part of all "
		"samples does not exceed. Events that never came count as the longest</dd>\n"
		"<dt>wall, icount</dt><dd>the clock: time that passes, or the number of instructions that the "
		"emulated host under test executed</dd>\n</dl>\n</section>\n");
}
