"""Articles, third persons and -ing forms of all verbs that sentences of ours use."""

from __future__ import annotations

from caption.words.english import article, ing, possessive, third
from caption.words.moves import ACTS, GAITS

# Written by hand: verb, third person, -ing form.
FORMS = """
come comes coming; work works working; box boxes boxing;
walk walks walking; run runs running; jog jogs jogging; sprint sprints sprinting; gallop gallops galloping;
canter canters cantering; trot trots trotting; dash dashes dashing; rush rushes rushing; march marches marching;
sneak sneaks sneaking; creep creeps creeping; limp limps limping; stagger staggers staggering; crawl crawls crawling;
step steps stepping; move moves moving; skip skips skipping; strut struts strutting; swim swims swimming;
slither slithers slithering; hover hovers hovering; fly flies flying; float floats floating; stand stands standing;
get gets getting; sit sits sitting; lie lies lying; die dies dying; fall falls falling; collapse collapses collapsing;
do does doing; turn turns turning; roll rolls rolling; jump jumps jumping; butt butts butting; strike strikes striking;
flinch flinches flinching; recoil recoils recoiling; squat squats squatting; crouch crouches crouching; go goes going;
bow bows bowing; bend bends bending; clap claps clapping; applaud applauds applauding; wave waves waving;
give gives giving; put puts putting; salute salutes saluting; point points pointing; kick kicks kicking;
punch punches punching; throw throws throwing; fight fights fighting; chop chops chopping; slash slashes slashing;
stab stabs stabbing; thrust thrusts thrusting; block blocks blocking; raise raises raising; reload reloads reloading;
shoot shoots shooting; fire fires firing; aim aims aiming; take takes taking; make makes making; cast casts casting;
bite bites biting; snap snaps snapping; attack attacks attacking; pick picks picking; reach reaches reaching;
push pushes pushing; pull pulls pulling; lift lifts lifting; climb climbs climbing; cheer cheers cheering;
celebrate celebrates celebrating; dance dances dancing; spin spins spinning; twirl twirls twirling; nod nods nodding;
shake shakes shaking; look looks looking; eat eats eating; feed feeds feeding; drink drinks drinking;
sniff sniffs sniffing; bark barks barking; howl howls howling; roar roars roaring; talk talks talking;
gesture gestures gesturing; laugh laughs laughing; cry cries crying; stretch stretches stretching;
scratch scratches scratching; dig digs digging; type types typing; dodge dodges dodging; slide slides sliding;
land lands landing; breathe breathes breathing; hold holds holding; wait waits waiting; carry carries carrying;
idle idles idling; flap flaps flapping; beat beats beating; swing swings swinging; open opens opening;
close closes closing; shut shuts shutting; rotate rotates rotating; swish swishes swishing; lower lowers lowering;
straighten straightens straightening; rise rises rising; sink sinks sinking; drop drops dropping; stay stays staying;
bob bobs bobbing; somersault somersaults somersaulting; be is being; see sees seeing; travel travels traveling;
drive drives driving; go goes going; stumble stumbles stumbling; hop hops hopping; wag wags wagging;
scuttle scuttles scuttling; dive dives diving; pounce pounces pouncing; rear rears rearing; whip whips whipping;
paw paws pawing; scrape scrapes scraping; pinch pinches pinching; sting stings stinging; groom grooms grooming;
coil coils coiling; lunge lunges lunging; buck bucks bucking
"""


def test_verbs_are_formed_as_people_form_them() -> None:
    wrong = []
    for line in FORMS.replace("\n", " ").split(";"):
        verb, he, doing = line.split()
        if (third(verb), ing(verb)) != (he, doing):
            wrong.append((verb, third(verb), ing(verb)))
    assert not wrong


def test_every_verb_of_the_moves_is_in_that_list() -> None:
    known = {line.split()[0] for line in FORMS.replace("\n", " ").split(";")}
    assert {deed.verb for move in (*GAITS, *ACTS) for deed in move.deeds} <= known


def test_articles_go_by_sound() -> None:
    an = "apple owl elephant umbrella hourglass hour insect orc urn angel"
    a = "dog unicorn ukulele ufo uniform horse house user robot yacht"
    assert [word for word in an.split() if article(word) != "an"] == []
    assert [word for word in a.split() if article(word) != "a"] == []


def test_owners_take_their_mark() -> None:
    assert [possessive(word) for word in ("the dog", "the glasses", "the octopus")] == [
        "the dog's", "the glasses'", "the octopus'",
    ]  # fmt: skip
