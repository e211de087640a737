# plant.py FILE TREE: puts the mistake of a .plant file (see run) into the tree. Fails when its lines do not stand there once.
import sys

lines = open(sys.argv[1]).read().splitlines()
name = next(line[5:] for line in lines if line.startswith("file "))
old = "".join(line[1:] + "\n" for line in lines if line.startswith("-"))
new = "".join(line[1:] + "\n" for line in lines if line.startswith("+"))
path = sys.argv[2] + "/" + name
text = open(path).read()
if old == "" or text.count(old) != 1:
    sys.exit(f"{sys.argv[1]}: its lines stand in {name} {text.count(old)} times; expected once")
open(path, "w").write(text.replace(old, new))
