"""What people call ImageNet's 1,000 classes in a caption: "tabby", "tiger cat" and "Siamese cat" are a cat."""

from __future__ import annotations

CLASSES = 1000

# By kind, from a noun to the numbers of its classes. Where a word has two meanings, the one that captions use.
_NOUNS = {
    "animal": """
        fish 0-1 389-397, shark 2-4, ray 5-6, rooster 7, chicken 8 83, ostrich 9,
        bird 10-20 80-82 85-96 127-143 146, hawk 21, eagle 22, vulture 23, owl 24, salamander 25-29, frog 30-32,
        turtle 33-37, lizard 38-48, crocodile 49-50, dinosaur 51, snake 52-68, fossil 69, spider 70 72-77,
        scorpion 71, insect 78-79 300 302-308 311-318, peacock 84, duck 97-98, goose 99, swan 100,
        elephant 101 385-386, hedgehog 102 334, platypus 103, kangaroo 104, koala 105, wombat 106, jellyfish 107,
        coral 108-109 973 991, worm 110-111, shell 112 116-117, snail 113, slug 114-115, crab 118-121 125-126,
        lobster 122-124, pelican 144, penguin 145, whale 147-149, seal 150, dog 151-268 273-275, wolf 269-272,
        hyena 276, fox 277-280, cat 281-285, cougar 286, lynx 287, leopard 288-290 293, lion 291, tiger 292,
        bear 294-297, meerkat 298-299, ladybug 301, bee 309, ant 310, dragonfly 319-320, butterfly 321-326,
        starfish 327, urchin 328-329, rabbit 330-332, hamster 333 338, squirrel 335, beaver 336-337, horse 339 603,
        zebra 340, pig 341-343, hippo 344, cow 345 690, buffalo 346-347, sheep 348-349, goat 350, deer 351-353,
        camel 354, llama 355, ferret 356-359, otter 360, skunk 361, badger 362, armadillo 363, sloth 364,
        monkey 365-382 384, lemur 383, panda 387-388
    """,
    "wear": """
        dress 399 578 601 614, gown 400, apron 411, bib 443, bikini 445 459, tie 451 457 906, hat 439 452 515 808,
        vest 465, armor 461 490 524, sweater 474 841, cloak 501 735, shoes 502 630 770 774, boots 514,
        helmet 518 560 715, coat 568 617 869, mask 570 643 691 796, jeans 608, jersey 610, mittens 658,
        uniform 652, skirt 655 689, swimsuit 638-639 842 433 793, necklace 679, pajamas 697, sunglasses 836-837,
        suit 834, robe 775 887, scarf 824 552, wig 903, socks 806 496, baseball 429 981, basketball 430, groom 982,
        diver 983 801, pirate 724
    """,
    "music": """
        accordion 401, guitar 402 420 546, bassoon 432 683, cello 486, trumpet 513, horn 566, trombone 875,
        drum 541 822 642, flute 558 699 684 902, gong 577, piano 579 881, harmonica 593, harp 594, maracas 641,
        microphone 650, organ 687, saxophone 776, violin 889, stage 819
    """,
    "vehicle": """
        ship 403 510 628, airplane 404 895 908, blimp 405, ambulance 407, truck 569 675 717 864 867 586 803,
        car 436 468 475 479 511 609 627 656 661 705 734 751 817, carriage 612, bicycle 444 671, sled 450 537,
        train 466 547 565 820, canoe 472, boat 449 484 554 576 625 814 871 780 914, firetruck 555, forklift 561,
        kart 573, cart 575 791 428, tractor 595 856 866 730, motorcycle 665 670, bus 654 779 874, trailer 660 757,
        rocket 657 744 812, snowmobile 802, streetcar 829, submarine 833, tank 847, tricycle 870, unicycle 880,
        wreck 913
    """,
    "place": """
        altar 406, bakery 415, barn 425, tower 442 437 682 900, castle 483 698, church 497 663,
        building 500 668 832 727 807, theater 498 598, dam 525, dock 536 718, dome 538, fountain 562, gate 489 581,
        store 454 467 509 582 788 860 865 424, greenhouse 580, library 624, lumber 634, stones 649, patio 706,
        pole 557 733 863, fence 716 912, bridge 821 839 888, prison 743, restaurant 762, wall 825, arch 873,
        tent 672 915, roof 853 858, mountain 970 972 980, geyser 974, lake 975, beach 460 976-978, valley 979
    """,
    "thing": """
        backpack 414, trash 412, clock 409 530 892, watch 531 826, balloon 417, pen 418 563, bandage 419,
        railing 421, chair 423 559 765, barrel 427 756, crib 431 516 520, towel 434 700, bathtub 435 876,
        beaker 438, bottle 440 503 720 737 898 907 899 901, glass 441 572, binder 446, binoculars 447,
        birdhouse 448, bookshelf 453, bow 456, broom 462, bucket 463 653, buckle 464, pot 469 521 544 738,
        candle 470, cannon 471, carousel 476, box 478 519 492 709, tape 481, radio 482 754 848, player 485,
        phone 487 528 590 605 707, chain 488, chainsaw 491, dresser 493 894, cabinet 495 648, knife 499 623,
        mug 504, coffee 505 550 967, keyboard 508 810 878, corkscrew 512, crane 517 540, ball 522 574 722,
        crutch 523, desk 526, computer 527, diaper 529, table 532 736, dishwasher 534, mat 539 741,
        dumbbell 422 543, fan 545, television 548 851, envelope 549, screen 556 904 782, bed 564 750, pan 567 909,
        pump 571, clip 584, hammer 587, basket 588 790, dryer 589, axe 596, hook 600, hourglass 604, iron 606,
        pumpkin 607 942, puzzle 611 918, joystick 613, knot 616, spoon 618 910, lamp 619 846, laptop 620 681,
        mower 621, lighter 626, lipstick 629, lotion 631 551 838, speaker 632, magnifier 633, compass 635,
        bag 636 728 748, mailbox 637, manhole 640, match 644, maze 646, cup 647 968, microwave 651,
        bowl 659 666 809, modem 662, monitor 664 916, net 669, mouse 673, mousetrap 674, muzzle 676, nail 677,
        pacifier 680, meter 704, bench 703, paddle 693, lock 507 695, brush 696, parachute 701, sharpener 710,
        perfume 711, copier 713, bank 719 480, pillow 721, pinwheel 723, pitcher 725, rack 729, plunger 731,
        camera 732 759, pottery 739 883, drill 740, printer 742, projector 745, puck 746, racket 752,
        radiator 753 811, reel 758, refrigerator 760, remote 761, gun 413 763 764, eraser 767, football 768,
        ruler 769 798, safe 771, scale 778, scoreboard 781, screw 783, screwdriver 784, shield 787, shovel 792,
        curtain 794 854 905 789, ski 795, door 799, slot 800, soap 804, soccer 805, spatula 813, web 815,
        light 818 920 862, stethoscope 823, stove 827, strainer 828, stretcher 830, couch 831, sundial 835,
        swing 843, switch 844, syringe 845, teapot 849, teddy 850, tennis 852, throne 857, toaster 859,
        toilet 861 999, tray 868, tripod 872, turnstile 877, umbrella 879, vacuum 882, machine 786 886 891,
        volleyball 890, wallet 893, sink 896, washer 897, bubbles 971, bar 602 702 416, sign 919, book 917 921,
        menu 922
    """,
    "food": """
        plate 923, dip 924, soup 925-926, cake 927, icecream 928-929, bread 930 961, bagel 931, pretzel 932,
        burger 933, hotdog 934, potatoes 935, cabbage 936, broccoli 937, cauliflower 938, zucchini 939,
        squash 940-941, cucumber 943, artichoke 944 946, pepper 945, mushroom 947 992-997, apple 948,
        strawberry 949, orange 950, lemon 951, fig 952, pineapple 953, banana 954, fruit 955-957 989, hay 958,
        pasta 959, chocolate 960, meat 962, pizza 963, pie 964, burrito 965, wine 966, drink 969
    """,
    "plant": """
        flower 984-986, corn 987 998, nut 988 990
    """,
}


def _read() -> dict[str, dict[str, list[int]]]:
    """By kind, of every noun the numbers of its classes."""
    found: dict[str, dict[str, list[int]]] = {}
    for kind, text in _NOUNS.items():
        for entry in text.split(","):
            noun, *ranges = entry.split()
            ends = [part.split("-") for part in ranges]
            found.setdefault(kind, {})[noun] = [n for end in ends for n in range(int(end[0]), int(end[-1]) + 1)]
    return found


_CLASSES = {noun: classes for nouns in _read().values() for noun, classes in nouns.items()}
_NOUN_OF = {number: noun for noun, classes in _CLASSES.items() for number in classes}
KIND_OF_NOUN = {noun: kind for kind, nouns in _read().items() for noun in nouns}
NOUNS = tuple(KIND_OF_NOUN)
"""All of them, each once."""
NOUN_OF_CLASS = tuple(_NOUN_OF.get(number) for number in range(CLASSES))
"""Of every class its noun; None where no everyday word stands for it."""

_PEOPLE = (
    "man woman boy girl person people child children kid baby toddler lady guy player team group crowd couple men "
    "women climber surfer skier skateboarder snowboarder biker cyclist rider runner swimmer dancer hiker athlete "
    "worker family friend soldier cowboy motorcyclist animal puppy kitten"
)
_THINGS = frozenset([*NOUNS, *_PEOPLE.split()])


def is_noun(word: str) -> bool:
    """Whether a word of a caption names a person, an animal or a thing; plurals in -s too."""
    return word in _THINGS or word.removesuffix("s") in _THINGS or word.removesuffix("es") in _THINGS
