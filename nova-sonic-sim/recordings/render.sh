#!/bin/sh
# Renders every recording of the simulator and of its callers again, from the list at the end of this file.
# Needs espeak-ng and sox (Debian: apt-get install espeak-ng sox). Files are 16 kHz mono PCM16.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for program in espeak-ng sox; do
    command -v "$program" >/dev/null || { echo "render.sh: install $program first" >&2; exit 1; }
done

# file | voice | words a minute | text
while IFS='|' read -r file voice speed text; do
    [ -n "$file" ] || continue
    espeak-ng -v "$voice" -s "$speed" -w "$scratch/spoken.wav" "$text"
    # silence cut from both ends, a tenth of a second left; -D: without dither, so that every run gives the same bytes
    sox -D "$scratch/spoken.wav" -r 16000 -c 1 -b 16 "$root/$file" \
        silence 1 0.01 0.1% reverse silence 1 0.01 0.1% pad 0.1 reverse pad 0.1 norm -6
    echo "$file: $(soxi -D "$root/$file") s"
done <<'LIST'
nova-sonic-sim/recordings/fox-lost.wav|en-gb+f3|165|The little fox is sad because she has lost her way home.
nova-sonic-sim/recordings/fox-owl.wav|en-gb+f3|165|But the old owl knows every path in the forest.
nova-sonic-sim/recordings/fox-change.wav|en-gb+f3|165|What a lovely idea! Let me change the story.
nova-sonic-sim/recordings/fox-changed.wav|en-gb+f3|165|There we are. Now the little fox has a friend.
nova-sonic-sim/recordings/fox-night.wav|en-gb+f3|165|And they all slept well. Good night!
nova-sonic-sim/recordings/fox-walk.wav|en-gb+f3|165|Side by side they walked under the tall pine trees, and the moon walked with them.
nova-sonic-sim/recordings/fox-river.wav|en-gb+f3|165|At the river they counted the stones aloud, one, two, three, and jumped from each to the next.
nova-sonic-sim/recordings/fox-home.wav|en-gb+f3|165|And there, behind the last hill, a small warm light was burning in the window of home.
examples/talk/recordings/question.wav|en-us|155|Why is the little fox so sad?
examples/talk/recordings/interruption.wav|en-us|155|Wait! Can the fox have a friend, please?
examples/talk/recordings/next.wav|en-us|155|What happens next?
examples/talk/recordings/night.wav|en-us|155|Thank you. Good night!
LIST
