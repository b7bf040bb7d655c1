# SPDX-License-Identifier: GPL-2.0-or-later
# One operation as it went: a line a stage, from its begin to its end; waits in which nothing of it happened are
# cut, each at a dashed line that says how long it was. data has a block of lines: number, label, from, to,
# colour; and one of cuts: place, label. Set before: data, rows, label_chars, high, unit, cuts.
height = 70 + 20 * rows
set terminal svg size 860, height font ',12' noenhanced
set encoding utf8
set datafile separator "\t"
array units[4] = ["ns", "µs", "ms", "instructions"]
set lmargin label_chars + 2
set rmargin 3
set tmargin at screen 1 - 8.0 / height
set bmargin at screen 50.0 / height
set border 1 lc rgb '#0000a9'
set tics nomirror
set xtics textcolor rgb 'black'
set ytics scale 0 textcolor rgb 'black'
set xrange [0:high]
set yrange [rows + 0.6:0]
set format x "%.12g"
set xlabel units[unit] . " in which something of it happened" offset 0, 0.4
unset key
plot data index 0 using (($3 + $4) / 2):1:3:4:($1 - 0.3):($1 + 0.3):(0x0000a0 + $5):yticlabels(2) with boxxyerror \
     lc rgb variable fs transparent solid 0.4 border notitle, \
     for [i = 1:cuts > 0] data index 1 using 1:(0.45):(0):(rows + 0.15) with vectors nohead lw 1 dt 2 lc rgb '#0000a8' notitle, \
     for [i = 1:cuts > 0] data index 1 using 1:(0.2):2 with labels font ',11' notitle
