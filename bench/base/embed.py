#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns files into C strings, and their sizes: embed.py OUTPUT HEADER FILE..."""
import os
import re
import sys

output, header, files = sys.argv[1], sys.argv[2], sys.argv[3:]
with open(output, 'w') as out:
  out.write(f'#include "{header}"\n')
  for path in files:
    name = re.sub(r'\W', '_', os.path.basename(path))
    with open(path, 'rb') as f:
      octets = f.read() + b'\0'
    out.write(f'const char zcb_embedded_{name}[] = {{' +
              ','.join(str(o if o < 128 else o - 256) for o in octets) + '};\n' +
              f'const unsigned long zcb_embedded_{name}_size = {len(octets) - 1};\n')
