# SPDX-License-Identifier: GPL-2.0-or-later
# One metric over the nights: a line a variant, in per cent of its own level at first; data has one
# block a variant: its label, then lines of day and per cent. An empty line is a gap: the line breaks.
# Nights alone between gaps are points. Set before: data, series, x_high (days), y_low, y_high, days
# and labels for the tics, changes: days on which the level of a variant changed.
height = 240 + 21 * ((series + 2) / 3)
set terminal svg size 860, height font ',12' noenhanced
set datafile separator "\t"
set lmargin 8
set rmargin 2
set tmargin at screen 1 - 8.0 / height
set bmargin at screen 1 - 196.0 / height
set border 3 lc rgb '#0000a9'
set tics nomirror
set xrange [-0.02 * x_high - 0.5:1.02 * x_high + 0.5]
set yrange [y_low:y_high]
set ylabel "% of the first level"
set grid ytics lc rgb '#0000a9' lw 0.6 dt 1
set xtics () textcolor rgb 'black'
do for [i = 1:|days|] { set xtics add (labels[i] days[i]) }
set ytics textcolor rgb 'black'
if (|changes| > 0) { do for [i = 1:|changes|] { set arrow i from changes[i], graph 0 to changes[i], graph 1 nohead lw 1 dt 2 lc rgb '#0000a8' } }
set key at screen 0.03, screen 6.0 / height bottom left Left reverse noenhanced samplen 2.5 spacing 1.15 maxrows int((series + 2) / 3) maxcols 3
array markers[8] = [7, 4, 9, 6, 5, 8, 2, 1]
plot for [i = 0:series - 1] data index i using 1:2 with linespoints \
     lw 1.4 dt 1 + i / 6 ps 0.35 pt markers[1 + i % 8] \
     lc rgb (0x0000a1 + i % 6) title columnheader(1)
