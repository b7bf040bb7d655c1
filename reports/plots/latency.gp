# SPDX-License-Identifier: GPL-2.0-or-later
# One line a row, on a logarithmic axis: a thin line from the least to the largest sample, marks at
# p50 (disc), p90 (ring) and p99 (cross); the page explains them below. Fields of data: number, label, least, p50, p90, p99, largest, all in the unit
# of the axis. Colours are classes of the page: 1 the series, 8 the range, 9 the grid.
# Set before: data, rows, label_chars, low, high, unit (1 ns, 2 us, 3 ms, 4 instructions, 5 pages,
# 6 something else).
height = 62 + 18 * rows
set terminal svg size 860, height font ',12' noenhanced
set encoding utf8
set datafile separator "\t"
set lmargin label_chars + 2
set rmargin 3
set tmargin at screen 1 - 6.0 / height
set bmargin at screen 50.0 / height
set border 1 lc rgb '#0000a9'
set tics nomirror
set logscale x
set xrange [low:high]
set yrange [rows + 0.6:0.4]
set format x "%.12g"
set grid xtics lc rgb '#0000a9' lw 0.6 dt 1
set ytics scale 0 textcolor rgb 'black'
set xtics textcolor rgb 'black'
array units[6] = ["ns", "µs", "ms", "instructions", "pages", "value"]
set xlabel units[unit] offset 0, 0.4
unset key
plot data using 3:1:($7 - $3):(0):yticlabels(2) with vectors nohead lw 1.2 lc rgb '#0000a8' notitle, \
     data using 4:1 with points pt 7 ps 0.75 lc rgb '#0000a1' notitle, \
     data using 5:1 with points pt 6 ps 0.75 lw 1.4 lc rgb '#0000a1' notitle, \
     data using 6:1 with points pt 2 ps 0.75 lw 1.6 lc rgb '#0000a1' notitle
