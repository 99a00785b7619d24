"""What names of motions mean: words that call a move, the sentences' verbs for it, and what must be true of the joints.

A table of data. The first line whose words a name has, and whose need the facts meet, gives the verb: what is exact
stands before what is general, and "idle" last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from caption.words.deed import Deed, deeds


class Need(StrEnum):
    """What of the facts a verb needs; `fits` in verbs.py says how each is looked up."""

    STEPS = "steps"  # legs carry it: a gait, or travel on the ground
    GLIDES = "glides"  # it moves or travels by whatever means
    FLIES = "flies"
    JUMPS = "jumps"
    DOWN = "down"  # it ends low or lying
    UP = "up"  # it does not end sitting or lying
    LOW = "low"  # it goes well down at some time
    DIPS = "dips"  # it goes down a little: so small are the crouches of stocky figures
    TURNS = "turns"
    FLIPS = "flips"
    ROLLS = "rolls"
    CARTWHEELS = "cartwheels"
    ARM = "arm"  # an arm moves (a front leg, a wing, of what has no arms)
    LEG = "leg"
    TAIL = "tail"
    CLAW = "claw"
    REARS = "rears"  # its trunk leans at some time, and it goes nowhere
    HEAD = "head"
    NODS = "nods"  # the head moves, and not from side to side
    SHAKES = "shakes"  # it moves, and not up and down
    MOVES = "moves"  # something moves
    SITS = "sits"
    LIES = "lies"
    STAYS = "stays"  # it goes nowhere and takes no steps


@dataclass(frozen=True, slots=True)
class Move:
    """`calls`: what names say, in the plain form of the verb; `way`: takes a direction; `limb`: may say with which."""

    calls: tuple[str, ...]
    deeds: tuple[Deed, ...]
    need: Need
    way: bool = False
    limb: str = ""


def _move(calls: str, texts: str, need: Need, *, way: bool = False, limb: str = "") -> Move:
    split = tuple(text.strip() for text in texts.split(";"))
    return Move(tuple(call.strip() for call in calls.split(",")), deeds(*split), need, way, limb)


# How a subject gets about; the direction follows.
GAITS: tuple[Move, ...] = (
    _move("sprint", "sprint; run {way} fast", Need.STEPS, way=True),
    _move("gallop", "gallop; run {way} at a gallop", Need.STEPS, way=True),
    _move("canter", "canter", Need.STEPS, way=True),
    _move("trot", "trot; move {way} at a trot", Need.STEPS, way=True),
    _move("jog", "jog; move {way} at a jog", Need.STEPS, way=True),
    _move("dash, charge", "dash; rush", Need.STEPS, way=True),
    _move("march", "march", Need.STEPS, way=True),
    _move("sneak, stealth, tiptoe, prowl, stalk", "sneak; creep", Need.STEPS, way=True),
    _move("limp, hobble", "limp; walk {way} with a limp", Need.STEPS, way=True),
    _move("stagger, stumble, drunk", "stagger; walk {way} unsteadily", Need.STEPS, way=True),
    _move("crawl", "crawl", Need.GLIDES, way=True),
    _move("scuttle", "scuttle", Need.STEPS, way=True),
    _move("dive, swoop", "dive", Need.FLIES, way=True),
    _move("strafe, sidestep, side step", "step; move", Need.STEPS, way=True),
    _move("skip", "skip", Need.STEPS, way=True),
    _move("strut, catwalk", "strut; walk", Need.STEPS, way=True),
    _move("run", "run; move {way} at a run", Need.STEPS, way=True),
    _move("walk, stroll, pace, wander", "walk; move {way} at a walk", Need.STEPS, way=True),
    _move("swim", "swim", Need.GLIDES, way=True),
    _move("slither", "slither", Need.GLIDES, way=True),
    _move("hover", "hover", Need.FLIES),
    _move("fly, flight, glide, soar", "fly; fly {way} through the air", Need.FLIES, way=True),
    _move("float", "float", Need.FLIES),
)

# What it does meanwhile or instead.
ACTS: tuple[Move, ...] = (
    _move("stand up, get up, wake up", "stand up; get up", Need.UP),
    _move("sit down", "sit down", Need.SITS),
    _move("lie down, lay down", "lie down", Need.LIES),
    _move("death, die, dying, dead, killed", "fall to the ground and [die]; collapse and [die]", Need.DOWN),
    _move("knockdown, knock down, faint, collapse, fall down", "fall to the ground; collapse", Need.DOWN),
    _move("backflip, back flip", "do a backflip", Need.FLIPS),
    _move("front flip, somersault, flip", "do a somersault", Need.FLIPS),
    _move("cartwheel", "do a cartwheel; turn a cartwheel", Need.CARTWHEELS),
    _move("roll", "roll", Need.ROLLS, way=True),
    _move("jumping jack, jump jack", "do jumping jacks", Need.ARM),
    _move("jump, leap, hop", "jump", Need.JUMPS, way=True),
    _move("pounce", "pounce", Need.MOVES, way=True),
    _move("rear, rear up", "rear up", Need.REARS),
    _move("tail whip, tail swipe, tail attack", "whip {its} tail; strike with {its} tail", Need.TAIL),
    _move("wag", "wag {its} tail; swing {its} tail from side to side", Need.TAIL),
    _move("rattle, shake tail, tail rattle", "shake {its} tail", Need.TAIL),
    _move("shake off, shake body, body shake", "shake {its} body; shake itself", Need.MOVES),
    _move("paw, paw ground, scrape", "paw the ground; scrape the ground", Need.LEG),
    _move("pinch, snap claw, grab", "pinch; snap {its} claws", Need.CLAW),
    _move("sting", "sting; attack with {its} sting", Need.MOVES),
    _move("groom, rub leg", "groom; groom itself", Need.MOVES),
    _move("coil", "coil up", Need.MOVES),
    _move("lunge", "lunge", Need.MOVES, way=True),
    _move("headbutt, head butt, butt, ram", "butt with {its} head; strike with {its} head", Need.MOVES),
    _move(
        "hit react, hit, hurt, damage, flinch, impact, hit recieve, hit receive",
        "flinch as if hit; recoil from a hit",
        Need.MOVES,
    ),
    _move("push up, pushup", "do push-ups", Need.MOVES),
    _move("sit up, situp", "do sit-ups", Need.MOVES),
    _move("squat", "squat down; do a squat", Need.DIPS),
    _move("duck, crouch, kneel", "crouch down; go down into a crouch", Need.DIPS),
    _move("bow", "bow; bend down in a bow", Need.MOVES),
    _move("clap, applaud", "clap {its} hands; applaud", Need.ARM),
    _move("wave, greet, greeting, hello, goodbye", "wave; wave hello", Need.ARM, limb="arm"),
    _move("thumbs up, thumb up", "give a thumbs-up; put a thumb up", Need.ARM),
    _move("salute", "salute; give a salute", Need.ARM),
    _move("point", "point; point at something", Need.ARM, limb="arm"),
    _move("buck, hind kick, kick back", "kick out with {its} hind legs; buck", Need.LEG),
    _move("kick", "kick; give a kick", Need.LEG, limb="leg"),
    _move("punch, jab, uppercut, hook", "punch; throw a punch", Need.ARM, limb="arm"),
    _move("box", "throw punches; box", Need.ARM),
    _move("fight", "fight; throw punches", Need.ARM),
    _move("chop", "attack with a chop; chop downward", Need.MOVES),
    _move("slash, slice, swing sword, sword attack", "attack with a slash; slash", Need.MOVES),
    _move("stab, thrust", "attack with a stab; stab", Need.MOVES),
    _move("block, guard, parry", "block a blow; raise {its} guard", Need.MOVES),
    _move("reload", "reload a weapon; reload", Need.MOVES),
    _move("shoot, fire, firing", "shoot; fire a weapon", Need.MOVES),
    _move("aim", "take aim; aim", Need.STAYS),
    _move("throw, toss", "throw something; make a throw", Need.ARM),
    _move("cast, spellcast, spell, magic", "cast a spell; work magic", Need.MOVES),
    _move("bite, snap", "bite; snap {its} jaws", Need.MOVES),
    _move("attack, melee, strike", "attack; make an attack", Need.MOVES),
    _move("pick up, pickup, grab", "pick something up; reach for something", Need.MOVES),
    _move("interact, reach", "reach out", Need.ARM, limb="arm"),
    _move("push", "push something; push with {its} arms", Need.ARM),
    _move("pull", "pull something", Need.ARM),
    _move("lift", "lift something", Need.ARM),
    _move("climb", "climb; climb up", Need.MOVES),
    _move("cheer, celebrate, victory, win", "cheer; celebrate", Need.MOVES),
    _move("dance, dancing, samba, salsa, hip hop, hiphop, breakdance, twerk, rumba", "dance; do a dance", Need.MOVES),
    _move("spin, twirl, pirouette", "spin around; twirl around", Need.TURNS),
    _move("nod, yes", "nod; nod {its} head", Need.NODS),
    _move("shake head, no, head shake", "shake {its} head", Need.SHAKES),
    _move("survey, look around, look, search, scan", "look around; turn {its} head to look around", Need.HEAD),
    _move("eat, eating, graze, feed, peck", "eat; feed", Need.MOVES),
    _move("drink", "drink; take a drink", Need.MOVES),
    _move("sniff, smell", "sniff; sniff around", Need.MOVES),
    _move("bark", "bark", Need.MOVES),
    _move("howl", "howl; lift {its} head and [howl]", Need.MOVES),
    _move("roar, growl, scream, shout, taunt", "roar", Need.MOVES),
    _move("talk, speak, chat, gesture, explain", "talk and [gesture]; gesture while talking", Need.ARM),
    _move("laugh", "laugh", Need.MOVES),
    _move("cry, sob", "cry", Need.MOVES),
    _move("stretch, yawn", "stretch", Need.MOVES),
    _move("scratch, itch", "scratch", Need.MOVES),
    _move("dig", "dig", Need.MOVES),
    _move("type, typing", "type", Need.ARM),
    _move("dodge, evade", "dodge; dodge an attack", Need.MOVES, way=True),
    _move("slide", "slide", Need.GLIDES, way=True),
    _move("land, landing", "land; come down and [land]", Need.LOW),
    _move("fall, falling", "fall", Need.LOW),
    _move("sit, seated", "sit; sit in place", Need.SITS),
    _move("sleep, asleep, lie, lay, lying, rest", "lie on the ground; lie in place", Need.LIES),
    _move("breathe, breathing, breath", "stand still, breathing; stand and [breathe]", Need.STAYS),
    _move("pose", "hold a pose; strike a pose", Need.STAYS),
    _move(
        "idle, stand, standing, wait, stay, neutral, relax, queenidle",
        "stand in place; stand idle; stand and [wait]",
        Need.STAYS,
    ),
)
