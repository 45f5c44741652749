"""Faults: one small file for each kind that somebody once met, tried for ever.

Each is made by a function in `pictures.py`, `pairs.py`, `projects.py` or `weights.py`, and taken by `test_faults.py`
through the library, the command line and the window. To add one:

1. Write a function that takes an empty folder and returns the file to open, named for the fault, with one line on what
   is odd about it. A few bytes or a small picture do; nothing is committed but the function.
2. Decorate it with what must happen:

       @fault("picture", "refused", says="is a folder", report="napari/napari#5460")
       def a_folder(folder: Path) -> Path: ...

   "opens"    it opens, and nobody need be told anything; `gives` looks at what the library read
   "noted"    it opens, and a sentence that contains `says` tells what was odd: a picture's note in the log, a
              project's in the window
   "refused"  one sentence that contains `says`, exit code 1, no traceback, no file written, and the window is as it
              was before: pictures, pairs, project and title

   `report` names who met it: owner/repository#number of the public thread.
3. Run `pytest tests/faults -k name_of_the_function`. All three ways have to agree.

What belongs to the way in rather than to one file (names on show, drops, the clipboard, files that change meanwhile)
is in `test_ways_in.py`. A new kind of file (clips, say) gets a module of makers beside these, and a branch in `ways.py`
that says how each of the three ways opens it.
"""
