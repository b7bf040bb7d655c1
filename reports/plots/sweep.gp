# SPDX-License-Identifier: GPL-2.0-or-later
# A cost against something that is counted, both on logarithmic axes: one line a series, one marker and
# one dash a line, for colour alone must not tell them apart. data has one block a series: its label,
# then lines of count and median. A count of 0 stands at zero_at, with a tic of its own; zero_at is 0
# where there is none. Set before: data, series, x_low, x_high, zero_at, unit (1 ns, 2 us, 3 ms,
# 4 instructions, 6 something else), what (1 udmabufs, 2 pages of each, 3 subscribers, 4 pages of a
# hole, 5 pages of the frame).
set terminal svg size 860, 300 font ',12' noenhanced
set encoding utf8
set datafile separator "\t"
set border 3 lc rgb '#0000a9'
set tics nomirror
set logscale xy
set xrange [x_low / 1.3:x_high * 1.3]
set format x "%.12g"
set format y "%.12g"
array units[6] = ["ns", "µs", "ms", "instructions", "pages", "value"]
array whats[5] = ["other live udmabufs", "pages of the other udmabuf", "more subscribers", "pages punched one after the other", "pages of the frame"]
set xlabel whats[what]
set ylabel units[unit]
set grid ytics lc rgb '#0000a9' lw 0.6 dt 1
set xtics textcolor rgb 'black'
set ytics textcolor rgb 'black'
if (zero_at > 0) set xtics add ("0" zero_at)
set key outside right center Left reverse noenhanced samplen 2.5 spacing 1.15
array markers[8] = [7, 4, 9, 6, 5, 8, 2, 1]
plot for [i = 0:series - 1] data index i using ($1 > 0 ? $1 : zero_at):2 with linespoints \
     lw 1.5 dt 1 + i / 6 ps 0.7 pt markers[1 + i % 8] \
     lc rgb (0x0000a1 + i % 6) title columnheader(1)
