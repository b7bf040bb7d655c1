# SPDX-License-Identifier: GPL-2.0-or-later
# One metric, on the left of one memory and on the right of the other: above, how dense its samples lie, a line a
# variant; below, how many there were of each size over the time of the run, in five shades. data has for each
# memory a block for each variant (label first, then lines of value and density), then for each memory a
# block for each shade (lines of seconds from, to, value from, to); then a block of boots (lines of seconds: began, up). Set before: data, panels (1 or 2), series,
# low, high, seconds, unit (1 ns, 2 us, 3 ms, 4 instructions, 5 pages, 6 something else), memories (names, 1 each).
height = 430 + 21 * ((series + 2) / 3)
set terminal svg size 860, height font ',12' noenhanced
set encoding utf8
set datafile separator "\t"
array units[6] = ["ns", "µs", "ms", "instructions", "pages", "value"]
array shades[5] = [0.15, 0.35, 0.55, 0.75, 1]
set border 3 lc rgb '#0000a9'
set tics nomirror
set xtics textcolor rgb 'black'
set multiplot
do for [p = 0:panels - 1] {
  left = p == 0 ? 0.085 : 0.56
  right = panels == 1 ? 0.985 : p == 0 ? 0.47 : 0.985
  set lmargin at screen left
  set rmargin at screen right
  set tmargin at screen 1 - 24.0 / height
  set bmargin at screen 1 - 172.0 / height
  unset logscale
  set logscale x
  set xrange [low:high]
  set yrange [0:1.05]
  set format x "%.12g"
  unset ytics
  set xlabel units[unit] offset 0, 0.4
  set ylabel p == 0 ? "density" : "" offset 1, 0
  set title memories[p + 1] offset 0, -0.7
  set grid xtics lc rgb '#0000a9' lw 0.6 dt 1
  if (p == 0) {
    set key at screen 0.03, screen 6.0 / height bottom left Left reverse noenhanced samplen 2.5 spacing 1.15 \
        maxrows int((series + 2) / 3) maxcols 3
  } else { unset key }
  plot for [i = 0:series - 1] data index p * series + i using 1:2 with lines \
       lw 1.5 dt 1 + i / 6 lc rgb (0x0000a1 + i % 6) title columnheader(1)
  unset key
  unset title
  set tmargin at screen 1 - 228.0 / height
  set bmargin at screen 1 - 372.0 / height
  unset logscale
  set logscale y
  set xrange [0:seconds]
  set yrange [low:high]
  set format x "%g"
  set ytics textcolor rgb 'black'
  set format y "%.12g"
  set xlabel "seconds of the run" offset 0, 0.4
  set ylabel p == 0 ? units[unit] : "" offset 0.5, 0
  set grid noxtics ytics
  plot for [i = 0:4] data index (panels * series) + p * 5 + i using (($1 + $2) / 2):(sqrt($3 * $4)):1:2:3:4 \
       with boxxyerror lc rgb '#0000a1' fs transparent solid shades[i + 1] noborder notitle, \
       data index (panels * (series + 5)) using 1:(low):(0):(high - low) with vectors nohead lw 0.8 dt 2 lc rgb '#0000a8' notitle
}
unset multiplot
