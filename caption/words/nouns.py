"""The nouns that a caption may use, by the category of what they name. Anything else that a title says stays out.

A table of data: a noun stands once, in the singular, under the category of most things called so.
"""

from __future__ import annotations

import re

_BY_CATEGORY: dict[str, str] = {
    "character": """
        man, woman, boy, girl, child, kid, baby, toddler, teenager, person, human, knight, soldier, warrior,
        wizard, witch, mage, sorcerer, sorceress, archer, ranger, rogue, thief, assassin, barbarian, viking,
        samurai, ninja, gladiator, spartan, paladin, cleric, priest, priestess, monk, nun, king, queen, prince,
        princess, pirate, cowboy, sheriff, police officer, policeman, cop, detective, firefighter, fireman,
        doctor, nurse, surgeon, scientist, engineer, worker, construction worker, builder, miner, lumberjack,
        farmer, fisherman, hunter, chef, cook, waiter, waitress, butler, maid, businessman, businesswoman,
        teacher, student, schoolgirl, schoolboy, astronaut, pilot, sailor, driver, swordsman, swordswoman,
        mercenary, marine, commando, sniper, guard, bodyguard, hitman, gangster, thug, bandit, prisoner, hero,
        heroine, superhero, villain, hacker, dancer, ballerina, singer, rapper, musician, drummer, guitarist,
        acrobat, clown, jester, mime, magician, boxer, wrestler, athlete, runner, footballer, soccer player,
        football player, basketball player, gymnast, golfer, skater, skier, surfer, swimmer, cyclist, biker,
        caveman, peasant, villager, blacksmith, merchant, shopkeeper, bartender, barista, grandma, grandmother,
        grandpa, grandfather, old man, old woman, mother, father, bride, groom, santa, santa claus, geisha,
        pharaoh, emperor, empress, officer, trooper, stormtrooper, spy, zombie, survivor, adventurer, explorer,
        scout, duelist, gunslinger, alchemist, mechanic, plumber, painter, artist, photographer, tourist, elder,
        shaman, bard, druid, necromancer, warlock, mannequin, mannequiny, dummy, crash test dummy, avatar,
        character, stick figure, figure
        """,
    "anthropomorphic": """
        robot, robot dog, robot arm, robotic arm, android, cyborg, mech, mecha, droid, mascot, snowman,
        gingerbread man, scarecrow, werewolf, catgirl, cat girl, fox girl, bunny girl, furry, golem, minotaur,
        lizardman, transformer, exosuit
        """,
    "toy": """
        toy, plush toy, doll, plush, plushie, puppet, marionette, action figure, figurine, teddy, teddy bear,
        nutcracker, lego figure, toy car, toy train, toy soldier, rocking horse, rubber duck, spinning top, jack
        in the box, yoyo, kite, rubik's cube, pinwheel
        """,
    "animal": """
        animal, dog, puppy, cat, kitten, horse, foal, pony, donkey, mule, zebra, cow, bull, calf, ox, buffalo,
        bison, pig, boar, wild boar, hog, sheep, ram, lamb, goat, deer, stag, doe, elk, moose, reindeer,
        antelope, gazelle, camel, llama, alpaca, giraffe, elephant, mammoth, rhino, rhinoceros, hippo,
        hippopotamus, lion, lioness, tiger, leopard, cheetah, jaguar, panther, puma, lynx, bear, polar bear,
        grizzly bear, panda, red panda, koala, kangaroo, wallaby, monkey, gorilla, chimpanzee, ape, orangutan,
        baboon, lemur, sloth, wolf, fox, coyote, hyena, jackal, husky, corgi, pug, dachshund, labrador, german
        shepherd, shiba, shiba inu, bulldog, dalmatian, poodle, rabbit, bunny, hare, squirrel, chipmunk, mouse,
        rat, hamster, guinea pig, beaver, otter, hedgehog, porcupine, badger, skunk, raccoon, mole, weasel,
        ferret, meerkat, capybara, armadillo, anteater, bird, eagle, hawk, falcon, owl, crow, raven, sparrow,
        robin, parrot, macaw, toucan, pigeon, dove, seagull, gull, duck, duckling, mallard, goose, swan,
        chicken, hen, rooster, chick, turkey, peacock, pheasant, penguin, ostrich, emu, flamingo, stork, heron,
        pelican, vulture, hummingbird, woodpecker, kingfisher, swallow, bat, fish, goldfish, clownfish, koi,
        salmon, tuna, trout, piranha, pufferfish, anglerfish, swordfish, shark, great white shark, hammerhead
        shark, whale, orca, killer whale, blue whale, dolphin, manta ray, stingray, eel, seahorse, starfish,
        jellyfish, octopus, squid, crab, lobster, shrimp, hermit crab, snail, slug, clam, seal, sea lion,
        walrus, turtle, sea turtle, tortoise, frog, toad, newt, salamander, axolotl, lizard, gecko, iguana,
        chameleon, komodo dragon, crocodile, alligator, snake, cobra, python, viper, rattlesnake, dinosaur,
        tyrannosaurus, velociraptor, raptor, triceratops, stegosaurus, brachiosaurus, brontosaurus, diplodocus,
        ankylosaurus, spinosaurus, allosaurus, parasaurolophus, pachycephalosaurus, dilophosaurus, pterodactyl,
        pteranodon, pterosaur, plesiosaur, mosasaurus, insect, bug, bee, queen bee, bumblebee, wasp, hornet,
        fly, mosquito, dragonfly, butterfly, moth, ladybug, beetle, ant, termite, cockroach, grasshopper,
        cricket, locust, mantis, praying mantis, caterpillar, worm, centipede, millipede, spider, tarantula,
        scorpion
        """,
    "mythical creature": """
        dragon, wyvern, drake, baby dragon, griffin, gryphon, unicorn, pegasus, phoenix, hydra, basilisk,
        chimera, cerberus, kraken, leviathan, sea monster, sea serpent, monster, creature, beast, demon, devil,
        imp, gargoyle, angel, fairy, pixie, elf, dwarf, gnome, goblin, hobgoblin, orc, ogre, troll, giant,
        cyclops, centaur, satyr, faun, mermaid, siren, vampire, ghost, ghoul, wraith, lich, mummy, alien, slime,
        treant, ent, djinn, genie, yeti, bigfoot, harpy, medusa, sphinx, kaiju, wendigo, succubus, reaper, grim
        reaper
        """,
    "weapon": """
        weapon, sword, katana, longsword, greatsword, dagger, knife, axe, battle axe, mace, warhammer, spear,
        halberd, trident, scythe, bow, crossbow, arrow, shield, gun, pistol, revolver, handgun, rifle, assault
        rifle, sniper rifle, shotgun, machine gun, submachine gun, minigun, turret, cannon, catapult, ballista,
        trebuchet, grenade, bomb, mine, missile, rocket launcher, flamethrower, staff, wand, nunchaku, laser gun
        """,
    "tool": """
        tool, hammer, wrench, spanner, screwdriver, saw, chainsaw, drill, pliers, scissors, shovel, pickaxe,
        rake, hoe, ladder, lever, crank, pulley, gear, gearbox, winch, crane, forklift, excavator arm, vise,
        anvil, toolbox, wheelbarrow, swiss army knife, multitool, tape measure, jack, pump, valve, piston,
        engine, motor, machine, gripper, windlass, mousetrap, bear trap, spike trap, trap, hourglass, telescope,
        control panel, microscope, compass, magnifying glass, metronome
        """,
    "sculpture": "statue, sculpture, bust, bas relief, monument, totem, obelisk, fountain",
    "vehicle": """
        vehicle, car, sports car, race car, police car, taxi, van, minivan, bus, school bus, truck, milk truck,
        pickup truck, fire truck, dump truck, monster truck, tractor, excavator, bulldozer, ambulance, jeep,
        motorcycle, motorbike, scooter, bicycle, bike, tricycle, train, locomotive, steam engine, tram, subway
        train, tank, plane, airplane, aeroplane, aircraft, jet, fighter jet, biplane, helicopter, drone,
        quadcopter, glider, airship, zeppelin, hot air balloon, rocket, spaceship, spacecraft, space shuttle,
        starship, ufo, satellite, rover, mars rover, ship, pirate ship, sailboat, boat, yacht, canoe, kayak,
        submarine, hovercraft, cart, carriage, wagon, sled, sleigh, chariot, hoverboard, wheel
        """,
    "anatomy": """
        skeleton, skull, heart, human heart, brain, lung, lungs, kidney, liver, rib cage, hand, foot, arm, leg,
        knee, eye, eyeball, jaw, tooth, teeth, ear, nose, head, torso, muscle, pelvis, hip joint
        """,
    "household item": """
        lamp, desk lamp, lantern, candle, candlestick, chandelier, clock, alarm clock, grandfather clock, cuckoo
        clock, pendulum clock, bottle, cup, mug, teacup, teapot, kettle, glass, plate, bowl, pot, pan, frying
        pan, spoon, fork, vase, fan, ceiling fan, desk fan, table fan, bucket, broom, mop, vacuum cleaner,
        toaster, blender, coffee machine, coffee maker, washing machine, dishwasher, oven, stove, microwave,
        fridge, refrigerator, freezer, trash can, bin, dustbin, garbage can, toilet, sink, bathtub, shower,
        faucet, tap, mirror, curtain, blinds, pillow, carpet, flag, box, cardboard box, crate, barrel, basket,
        jar, lunchbox, cage, safe, mailbox, letterbox, lighter, matchbox, stapler, pepper mill, corkscrew, iron,
        sewing machine, umbrella stand, music box, birdcage, fire extinguisher, switch, light switch, padlock,
        lock, key, scale, tent
        """,
    "plant": """
        plant, tree, oak tree, pine tree, palm tree, christmas tree, flower, rose, tulip, sunflower, lotus,
        cactus, bush, grass, fern, vine, mushroom, venus flytrap, flytrap, carnivorous plant, potted plant,
        bamboo, bonsai, leaf, seaweed
        """,
    "accessory": """
        bag, handbag, backpack, suitcase, briefcase, wallet, purse, hat, cap, helmet, mask, gas mask, glasses,
        sunglasses, goggles, umbrella, parasol, belt, scarf, tie, glove, gauntlet, hand fan, folding fan,
        headphones, walking stick, cane, wig
        """,
    "furniture": """
        cabinet, filing cabinet, kitchen cabinet, cupboard, wardrobe, closet, dresser, drawer, chest of drawers,
        nightstand, bookshelf, bookcase, shelf, desk, table, folding table, coffee table, chair, office chair,
        armchair, folding chair, rocking chair, wheelchair, stool, bench, sofa, couch, bed, bunk bed, crib,
        cradle, chest, treasure chest, trunk, coffin, locker, sideboard, throne, hammock, swing
        """,
    "scanned data": "scan, photogrammetry scan, point cloud",
    "electronic device": """
        computer, laptop, notebook computer, keyboard, monitor, printer, phone, smartphone, mobile phone,
        telephone, flip phone, tablet, television, radio, record player, turntable, gramophone, cassette player,
        camera, video camera, security camera, webcam, projector, game console, game controller, controller,
        joystick, arcade machine, speaker, microphone, flashlight, robot vacuum, router, server, walkie talkie,
        calculator, vending machine, slot machine, jukebox, hard drive, hard disk, floppy disk
        """,
    "architecture": """
        building, house, hut, cabin, door, wooden door, front door, sliding door, double door, trapdoor, gate,
        portcullis, garage, garage door, elevator, escalator, bridge, drawbridge, tower, lighthouse, windmill,
        watermill, wind turbine, castle, church, temple, window, wall, fence, staircase, barn, shop, skyscraper,
        merry go round, carousel, ferris wheel, roller coaster, hatch, turnstile, dungeon door, cellar door
        """,
    "clothing": """
        shirt, dress, skirt, jacket, coat, hoodie, sweater, trousers, pants, jeans, shorts, shoe, shoes, boot,
        boots, sneaker, sock, suit, kimono, robe, cloak, cape, armor, armour, uniform
        """,
    "food": """
        burger, hamburger, pizza, cake, birthday cake, bread, toast, sandwich, hot dog, donut, doughnut, cookie,
        ice cream, popsicle, candy, chocolate, lollipop, apple, banana, orange, pear, lemon, strawberry,
        pineapple, watermelon, cherry, grape, carrot, potato, tomato, onion, pumpkin, corn, egg, sausage,
        cheese, sushi, fruit, vegetable, gummy bear, coffee, drink, milk carton
        """,
    "planet": "planet, earth, moon, sun, globe, mars, jupiter, saturn, solar system, asteroid, comet, star",
    "sporting goods": """
        ball, football, soccer ball, basketball, baseball, baseball bat, tennis ball, tennis racket, racket,
        golf club, bowling ball, bowling pin, skateboard, snowboard, surfboard, ski, skis, roller skate,
        punching bag, dumbbell, barbell, treadmill, exercise bike, trampoline, frisbee, boxing glove, hockey
        stick, dart board
        """,
    "paper": "book, spell book, open book, magazine, newspaper, page, letter, envelope, card, playing card, scroll, "
    "map, paper, paper plane, origami crane, pop up book, greeting card, banknote, ticket, poster, calendar",
    "jewelry": "ring, necklace, earring, bracelet, crown, tiara, pendant, brooch, watch, wristwatch, pocket watch, "
    "diamond, gem, amulet, locket, jewelry box",
    "musical instrument": """
        guitar, electric guitar, acoustic guitar, bass guitar, banjo, ukulele, violin, cello, harp, piano, grand
        piano, accordion, drum, drum kit, drum set, cymbal, xylophone, flute, clarinet, saxophone, trumpet,
        trombone, tuba, horn, harmonica, bell, church bell, tambourine, maraca, gong
        """,
}

CATEGORY_OF_NOUN: dict[str, str] = {
    " ".join(noun.split()): category
    for category, nouns in _BY_CATEGORY.items()
    for noun in re.split(r",\s*", nouns.strip())
}

# Said of so much that anything more exact is better.
GENERIC = frozenset(
    "character person animal creature monster beast toy weapon tool machine vehicle plant figure adventurer "
    "guard".split()
)
# Said by titles and tags in another sense at least as often: 'uniform scale', 'star', 'head', 'card'.
AMBIGUOUS = frozenset(
    "scale star key lock mine fly swallow hand foot head arm leg eye ear nose torso iron horn siren swing trunk jack "
    "tap drink coffee page ring tablet bug switch map card paper leaf wheel box glass valve bust uniform chick scan "
    "letter hero pan pump engine tool staff orange ticket sun earth mars sink".split()
)

# What a title may say instead, and what a person would write.
OTHER_WORDS: dict[str, str] = {
    "chest of drawers": "dresser",
    "male": "man",
    "guy": "man",
    "dude": "man",
    "gentleman": "man",
    "men": "man",
    "female": "woman",
    "lady": "woman",
    "women": "woman",
    "people": "person",
    "humanoid": "character",
    "biped": "character",
    "npc": "character",
    "player": "character",
    "hero character": "character",
    "mannequiny": "mannequin",
    "quadruped": "animal",
    "creature monster": "monster",
    "robo": "robot",
    "bot": "robot",
    "tv": "television",
    "telly": "television",
    "spike trap": "spike trap",
    "doggo": "dog",
    "doggy": "dog",
    "kitty": "cat",
    "stallion": "horse",
    "mare": "horse",
    "trex": "tyrannosaurus",
    "tyrannosaurus rex": "tyrannosaurus",
    "rex": "tyrannosaurus",
    "dino": "dinosaur",
    "firetruck": "fire truck",
    "automobile": "car",
    "lorry": "truck",
    "chopper": "helicopter",
    "boxer dog": "dog",
    "cupboards": "cupboard",
    "armoire": "wardrobe",
    "hamburgers": "burger",
    "lich king": "lich",
    "policeman": "police officer",
    "cop": "police officer",
    "santa": "santa claus",
    "kid": "child",
    "human": "person",
    "undead": "zombie",
    "enemy": "monster",
    "skeleton warrior": "skeleton",
    "grandma": "old woman",
    "grandmother": "old woman",
    "grandpa": "old man",
    "grandfather": "old man",
    "aeroplane": "airplane",
    "plane": "airplane",
    "bunny": "rabbit",
    "furry": "creature",
    "plushie": "plush toy",
    "plush": "plush toy",
    "teddy": "teddy bear",
    "figure": "character",
    "avatar": "character",
    "dummy": "mannequin",
    "lego": "toy",
    "gryphon": "griffin",
    "raptor": "velociraptor",
}

MASCULINE = frozenset(
    "man boy king prince monk priest fisherman fireman businessman schoolboy swordsman waiter father groom caveman "
    "emperor hitman wizard cowboy pharaoh".split()
) | {"old man", "santa claus"}
FEMININE = frozenset(
    "woman girl queen princess witch sorceress nun priestess businesswoman schoolgirl swordswoman waitress mother "
    "bride empress ballerina maid heroine mermaid geisha catgirl".split()
) | {"old woman", "cat girl", "fox girl", "bunny girl"}
# What is not counted by itself, and the word that counts it: 'a pair of scissors'.
MEASURES: dict[str, str] = {
    noun: measure
    for measure, nouns in {
        "pair": "glasses sunglasses goggles headphones scissors pliers trousers pants jeans shorts shoes boots lungs "
        "skis",
        "set": "teeth blinds",
        "patch": "grass seaweed",
        "suit": "armor armour",
        "piece": "bread candy chocolate paper toast corn fruit cheese",
    }.items()
    for noun in nouns.split()
}
# Names of one thing, which take no article.
UNIQUE = frozenset({"mars", "jupiter", "saturn", "santa claus", "cerberus", "medusa"})
