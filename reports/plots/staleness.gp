# SPDX-License-Identifier: GPL-2.0-or-later
# Stale pages of a frame against the frames drawn since the hole: one line a series, one marker and
# one dash a line, for colour alone must not tell them apart. data has one block a series: its
# label, then lines of frames since the hole and stale pages (the median over rounds and boots).
# A dash in parentheses would be a pattern. Set before: data, series, x_high, y_high.
height = 262 + 21 * ((series + 1) / 2)
set terminal svg size 860, height font ',12' noenhanced
set lmargin 8
set rmargin 2
set tmargin at screen 1 - 8.0 / height
set bmargin at screen 1 - 210.0 / height
set datafile separator "\t"
set border 3 lc rgb '#0000a9'
set tics nomirror
set xrange [0.7:x_high + 0.3]
set yrange [-0.04 * y_high:1.06 * y_high]
set xlabel "frames drawn since the hole" offset 0, 0.3
set ylabel "stale pages of the frame"
set grid ytics lc rgb '#0000a9' lw 0.6 dt 1
set xtics 1 + floor(x_high / 16) textcolor rgb 'black'
set ytics textcolor rgb 'black'
set key at screen 0.03, screen 8.0 / height bottom left Left reverse noenhanced samplen 2.5 spacing 1.15 maxcols 2
array markers[8] = [7, 4, 9, 6, 5, 8, 2, 1]
plot for [i = 0:series - 1] data index i using 1:2 with linespoints \
     lw 1.5 dt 1 + i / 6 ps 0.7 pt markers[1 + i % 8] \
     lc rgb (0x0000a1 + i % 6) title columnheader(1)
