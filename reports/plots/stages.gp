# SPDX-License-Identifier: GPL-2.0-or-later
# Where the time of an operation goes: a line a variant and memory, on the left what its stages took one
# after the other, on the right how long the whole frame took to be seen fresh, each on an axis of its own.
# data has a block for each stage, with number 0 to 13: lines of number of the line, from, to, label (the
# stage's number + 1 where there is room for it); then one of the frames, then one of line and label.
# Set before: data, rows, label_chars, high, fresh_high (0: no frame became fresh), fresh_tic, unit (1 ns, 2 us, 3 ms, 4 instructions).
height = 62 + 30 * rows
set terminal svg size 860, height font ',12' noenhanced
set encoding utf8
set datafile separator "\t"
array units[4] = ["ns", "µs", "ms", "instructions"]
array colours[13] = [1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 6]
array fills[13] = [0.75, 0.75, 0.25, 0.15, 0.3, 0.5, 0.3, 0.75, 0.75, 0.25, 0.75, 0.25, 0.75]
left = (label_chars * 6.6 + 22) / 860
right = fresh_high > 0 ? 0.76 : 0.985
set border 1 lc rgb '#0000a9'
set tics nomirror
set xtics textcolor rgb 'black'
set ytics scale 0 textcolor rgb 'black'
set yrange [rows + 0.5:0.4]
set tmargin at screen 1 - 8.0 / height
set bmargin at screen 50.0 / height
set grid xtics lc rgb '#0000a9' lw 0.6 dt 1
set format x "%.12g"
unset key
set multiplot
set lmargin at screen left
set rmargin at screen right
set xrange [0:high]
set xlabel units[unit] . " of one operation" offset 0, 0.4
plot for [i = 0:12] data index i using (($2 + $3) / 2):1:2:3:($1 - 0.18):($1 + 0.28) with boxxyerror \
     lc rgb (0x0000a0 + colours[i + 1]) fs transparent solid fills[i + 1] noborder notitle, \
     for [i = 0:12] data index i using (($2 + $3) / 2):1:2:3:($1 - 0.18):($1 + 0.28) with boxxyerror \
     lc rgb (0x0000a0 + colours[i + 1]) fs empty border notitle, \
     for [i = 0:12] data index i using (($2 + $3) / 2):($1 - 0.34):4 with labels font ',10' notitle, \
     data index 14 using (-1):1:yticlabels(2) with points notitle
if (fresh_high > 0) {
  set lmargin at screen right + 0.03
  set rmargin at screen 0.985
  set xrange [0:fresh_high]
  set xtics fresh_tic
  set format y ""
  set xlabel units[unit] . " of a frame" offset 0, 0.4
  plot data index 13 using (($2 + $3) / 2):1:2:3:($1 - 0.18):($1 + 0.28) with boxxyerror \
       lc rgb '#0000a8' fs transparent solid 0.15 noborder notitle, \
       data index 13 using (($2 + $3) / 2):1:2:3:($1 - 0.18):($1 + 0.28) with boxxyerror lc rgb '#0000a8' fs empty border notitle, \
       data index 13 using (($2 + $3) / 2):($1 - 0.34):4 with labels font ',10' notitle
}
unset multiplot
