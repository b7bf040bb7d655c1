# SPDX-License-Identifier: GPL-2.0-or-later
# One metric, a line a variant: on the left how its samples are distributed, on the right their
# median over the time since their cell began. data has for each variant a block of value and share,
# then for each a block of seconds and value; the label stands first.
# Set before: data, series, low, high (of all), course_low, course_high, seconds, unit (1 ns, 2 us, 3 ms, 4 instructions, 5 pages, 6
# something else).
height = 250 + 21 * ((series + 2) / 3)
set terminal svg size 860, height font ',12' noenhanced
set encoding utf8
set datafile separator "\t"
array units[6] = ["ns", "µs", "ms", "instructions", "pages", "value"]
array markers[8] = [7, 4, 9, 6, 5, 8, 2, 1]
set border 3 lc rgb '#0000a9'
set tics nomirror
set xtics textcolor rgb 'black'
set ytics textcolor rgb 'black'
set tmargin at screen 1 - 8.0 / height
set bmargin at screen 1 - 192.0 / height
set multiplot
set lmargin at screen 0.075
set rmargin at screen 0.48
set logscale x
set xrange [low:high]
set format x "%.12g"
set yrange [0:1]
set ytics 0.25
set xlabel units[unit] offset 0, 0.4
set ylabel "share of samples" offset 1, 0
set grid xtics ytics lc rgb '#0000a9' lw 0.6 dt 1
unset key
plot for [i = 0:series - 1] data index i using 1:2 with lines \
     lw 1.5 dt 1 + i / 6 lc rgb (0x0000a1 + i % 6) notitle
set lmargin at screen 0.60
set rmargin at screen 0.985
unset logscale x
set logscale y
set xrange [0:seconds]
set yrange [course_low:course_high]
set ytics auto
set format x "%g"
set format y "%.12g"
set xlabel "seconds since the cell began" offset 0, 0.4
set ylabel units[unit] offset 0.5, 0
set key at screen 0.03, screen 6.0 / height bottom left Left reverse noenhanced samplen 2.5 spacing 1.15 \
    maxrows int((series + 2) / 3) maxcols 3
plot for [i = 0:series - 1] data index series + i using 1:2 with linespoints \
     lw 1.2 dt 1 + i / 6 ps 0.35 pt markers[1 + i % 8] \
     lc rgb (0x0000a1 + i % 6) title columnheader(1)
unset multiplot
