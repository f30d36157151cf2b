"""What the magazine says: twelve short articles and the page about us.

A body is a list of (block, value): "p" paragraphs, "h" headings, "q" quotes, "tip" (title, text), "steps" and
"shop" (stock codes).
"""
# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Body = list[tuple[str, Any]]


@dataclass(frozen=True)
class Story:
    """An article before it is a page."""

    slug: str
    title: str
    scene: str
    author: str
    tags: tuple[str, ...]
    days_ago: int
    intro: str
    description: str
    alt: str
    body: Body


STORIES: tuple[Story, ...] = (
    Story(
        "a-proper-pot-of-tea", "A proper pot of tea", "morning_pot", "Ruth Ashworth", ("Tea",), 6,
        "Four things decide whether a pot is good: the water, the leaf, the minutes, and whether anybody is waiting for it.",
        "How to make a pot of black tea that is worth sitting down for, in five steps.",
        "A green teapot, a steaming cup and a jar of honey on a table before a window",
        [
            ("p", "My grandmother measured tea by the noise the spoon made on the side of the caddy. I use scales, and the tea is no better. But between her and me lie some thousand pots, and a few things have turned out to matter."),
            ("h", "The order of things"),
            ("steps", ["<b>Draw fresh water.</b> Water that has boiled twice tastes flat, because it is: the air has gone out of it.", "<b>Warm the pot</b> while the kettle comes up. A cold pot takes ten degrees from the water at once.", "<b>One rounded teaspoon a cup</b>, about two and a half grams. The famous one for the pot is for the large ones only.", "<b>Pour on the boil</b> for black tea, and put the lid on. Four minutes for a broken leaf, five for a whole one.", "<b>Take the leaf out.</b> A pot that stews is the reason why people believe they do not like Assam."]),
            ("q", "If you like it stronger, use more tea. More time only makes it bitter."),
            ("p", "Milk first or milk last? First, if your cups are thin and old; last, if you want to see what you are doing. Chemists have written papers on it. They drink coffee, mostly."),
            ("tip", ("Hard water?", "If a film forms on your cup, your water is hard. A filter jug helps more than a dearer tea does, and a broken leaf such as <b>Mill Lane Breakfast</b> minds it least.")),
            ("shop", ["TEA-BREAKFAST", "POT-BROWN", "CUP-CLASSIC"]),
        ],
    ),
    Story(
        "plants-for-dark-corners", "Plants for dark corners", "low_light", "Tomasz Wolny", ("Plants",), 13,
        "North windows, hallways, the far end of the bookshelf: three plants that would rather live there than in the sun.",
        "Three house plants for rooms with little light, and how to look after them.",
        "Three potted plants on a shelf against a dark green wall",
        [
            ("p", "Most plants that die in a dark corner do not die of the dark. They drown. A plant in low light grows slowly and drinks little, and is watered on Sunday like all the others."),
            ("h", "The fern"),
            ("p", "It comes from the floor of a wood, so shade is home. What it wants is company for its leaves: a bathroom, a tray of wet gravel, a neighbor. Water twice a week and never let it dry out altogether; it forgives once, not twice."),
            ("h", "The snake plant"),
            ("p", "The opposite. Put it where you like and forget it. Water when the soil has been dry for a week, and in winter not even then."),
            ("h", "The money plant"),
            ("p", "It will manage a meter and a half from a window, but leans. Turn the pot by a quarter whenever you dust, which is more often than you think."),
            ("tip", ("The finger test", "Put a finger into the soil up to the second knuckle. Cool and damp: walk on. Dry: water until it runs out below, wait ten minutes, empty the saucer.")),
            ("shop", ["PLANT-FERN", "PLANT-SNAKE", "PLANT-PILEA"]),
        ],
    ),
    Story(
        "a-kitchen-garden-on-the-sill", "A kitchen garden on the sill", "windowsill", "Ruth Ashworth", ("Plants", "Kitchen"), 21,
        "Sixty centimeters of south-facing sill feed a kitchen with green from March to November. Here is our planting plan.",
        "What to grow on a kitchen windowsill, in which order, and how to cut it.",
        "Pots of herbs and a small watering can on a sunny windowsill",
        [
            ("p", "Supermarket basil is forty seedlings in a thimble. Divide it into four pots on the evening you bring it home, and you have four plants; leave it, and you have a week."),
            ("steps", ["<b>March:</b> sow parsley and chives, and be patient; parsley takes three weeks and is said to visit the devil first.", "<b>April:</b> basil, indoors, thinly. Cover the pot with a saucer until something happens.", "<b>May:</b> bring in a mint, but give it a pot of its own. It does not share.", "<b>June to September:</b> cut from the top, always above a pair of leaves, and never more than a third.", "<b>October:</b> dry what is left, hanging, in the dark."]),
            ("p", "Herbs on a sill die of heat more often than of cold. If the glass is hot to the touch at noon, move them a hand's breadth into the room."),
            ("q", "The herb you cut every day is the one that lives."),
            ("shop", ["PLANT-BASIL", "PLN-TERRA", "GRD-CANBLUSH"]),
        ],
    ),
    Story(
        "five-small-cups", "Five small cups", "gongfu", "Mei Lindqvist", ("Tea",), 29,
        "Western tea makes one big pot of one taste. The gongfu way makes five small cups of five, from the same spoonful.",
        "Gongfu tea for beginners: more leaf, less water, half a minute.",
        "A white lidded cup, a plum-colored teapot and a tin by moonlight",
        [
            ("p", "Somebody gave me a gaiwan when I was twenty, and I used it as an ashtray. I tell this so that nobody feels clumsy. The lidded cup looks like ceremony; it is a very practical pan."),
            ("h", "What you need"),
            ("p", "Five grams of an oolong that was rolled into pearls, a vessel of 120 milliliters, hot water, a jug, and an evening. The jug matters: tea that waits in the gaiwan goes on brewing."),
            ("steps", ["Rinse the leaf with hot water and pour it off. This wakes it.", "First infusion: twenty seconds. Flowers.", "Second: fifteen. It has opened, and is faster now. Cream.", "Third: thirty. The middle of the story.", "Fourth and fifth: a minute, two minutes. Wood, then something like the smell of rain."]),
            ("p", "Look at the leaf in the end. It has become a whole twig with two leaves and a bud, and you have drunk the summer that made it."),
            ("shop", ["POT-GAIWAN", "TEA-OOLONG", "TEA-JASMINE"]),
        ],
    ),
    Story(
        "repotting-without-tears", "Repotting without tears", "repotting", "Tomasz Wolny", ("Plants",), 38,
        "When the roots look out at the bottom, it is time. When is not yet time, and how much larger is large enough?",
        "When and how to repot house plants, and the mistake nearly everybody makes.",
        "A young monstera beside two empty pots and garden tools",
        [
            ("p", "The mistake is the pot. We love the plant, so we give it a palace: twice the size, room to grow. The roots cannot drink all that soil dry, and it turns sour around them. <b>Two fingers wider</b> is large enough."),
            ("steps", ["Water the plant the day before. A drunk root ball slides, a thirsty one breaks.", "Lay a shard over the hole, and a handful of fresh soil over the shard.", "Tip the plant out, tease the lowest roots apart, cut off what is brown and soft.", "Set it as deep as it stood before, and fill the sides without pressing.", "Water once, thoroughly. Then leave it alone for ten days, in the shade."]),
            ("tip", ("When", "February to April, when the light comes back. A plant in flower waits until it is done; so do we.")),
            ("p", "And the ones that like it tight? Snake plants and orchids flower better when they can feel the wall. We know people like that."),
            ("shop", ["PLANT-MONSTERA", "PLN-TERRA", "GRD-TROWEL"]),
        ],
    ),
    Story(
        "how-a-blend-is-made", "How a blend is made", "blending", "Mei Lindqvist", ("Tea", "Shop talk"), 47,
        "Every Tuesday we taste thirty cups so that yours tastes as it did last year. A morning at the blending table.",
        "How Mill Lane Breakfast is tasted, corrected and mixed so that it tastes the same every year.",
        "Two shelves of tea tins, pouches and a teapot",
        [
            ("p", "A garden never makes the same tea twice. It rains in May or it does not; a hot week doubles the tannin. The blend has to stay where it is, so everything in it has to move."),
            ("p", "At seven we put up the cups: white, the same, in a row. Two grams eight, six minutes, which is far too long and shows every fault. Ruth slurps; I write; Tomasz, who says he knows nothing about tea, is right more often than both of us."),
            ("q", "Assam is the floor, Kenya is the window. Ceylon is the reason why you do not mind the neighbors."),
            ("p", "This year's second flush came in heavy. So Breakfast has four parts in a hundred less Assam than last winter, and three more of a bright Kenyan from above Kericho. If we have done it well, you will not have noticed. If you have, write to us: somebody always does, and she is always right, and she lives in Norwich."),
            ("shop", ["TEA-BREAKFAST", "TEA-ASSAM", "TEA-SAMPLER"]),
        ],
    ),
    Story(
        "sowing-in-a-cold-spring", "Sowing in a cold spring", "cold_spring", "Tomasz Wolny", ("Garden",), 58,
        "The calendar says April, the soil says March. What to sow anyway, what to keep in the drawer, and how to tell.",
        "What can be sown when spring is late: a short list, and a test that needs no thermometer.",
        "Seed packets and garden gloves on a freshly sown field",
        [
            ("p", "Farmers used to test the ground by sitting on it. We suggest the back of the hand, for ten seconds. If you want to take it away, so will the seed."),
            ("h", "Sow now"),
            ("p", "Calendula does not mind. Neither do broad beans, spinach, or sweet peas that had a night in water. They come up when they are ready, and the late sowing has usually caught up by June."),
            ("h", "Wait"),
            ("p", "Cosmos, sunflowers, beans, anything from Mexico. A seed that rots costs a month; one that waits costs nothing. Keep the packets cool and dry, not on the sill where you can see them."),
            ("tip", ("A warm bed for nothing", "Lay a sheet of clear plastic or an old window over the row for ten days before you sow. The soil gains four degrees, and the weeds come up first, where you can hoe them off.")),
            ("shop", ["SEED-CALENDULA", "SEED-COSMOS", "SEED-SUNFLOWER", "GRD-GLOVES"]),
        ],
    ),
    Story(
        "be-kind-to-your-kettle", "Be kind to your kettle", "kettle_care", "Ruth Ashworth", ("Kitchen", "Tea"), 72,
        "Limescale is not dirt, it is a stone that your water has been carrying. It can be talked into leaving.",
        "How to descale a kettle with vinegar, and how to keep copper and enamel beautiful.",
        "A copper kettle in front of pale blue tiles",
        [
            ("p", "A kettle with two millimeters of scale takes a fifth longer to boil and flavors everything faintly of plaster. It costs a lemon to put that right."),
            ("steps", ["Fill the kettle to a third with water, add the juice of a lemon or four spoons of white vinegar.", "Bring it to the boil, take it off the heat, and have lunch.", "Pour it out. What is still there goes with a wooden spoon.", "Boil fresh water twice and give it to the yard, not to the plants."]),
            ("h", "The outside"),
            ("p", "Copper: half a lemon, a pinch of salt, no force, rinse at once. Or leave it: in a year it will be brown as a chestnut, and then people ask where you inherited it. Enamel: a soft cloth, and never a scouring pad. Chips are not faults, they are dates."),
            ("shop", ["KET-COPPER", "KET-NIGHT", "PAN-VINEGAR"]),
        ],
    ),
    Story(
        "shortbread-for-a-wet-afternoon", "Shortbread for a wet afternoon", "wet_afternoon", "Ruth Ashworth", ("Kitchen",), 86,
        "Three ingredients, one bowl, an hour in which the rain is somebody else's business.",
        "A recipe for shortbread from three ingredients, as it is made for our tins.",
        "An open tin of shortbread and a steaming mug before a rainy window",
        [
            ("p", "One part sugar, two of butter, three of flour, by weight. That is the whole recipe, and it is three hundred years old. A hundred grams of sugar make a tin."),
            ("steps", ["Take the butter out of the fridge the evening before. It should bend, not melt.", "Rub sugar and butter together until it is pale. Then the flour, and stop as soon as it holds.", "Pat it into a tin, finger-thick. Prick it with a fork, all the way through.", "Chill for half an hour. This is when you put the kettle on.", "Bake at 150 degrees for fifty minutes. It should stay blond.", "Cut it while it is warm, and leave it in the tin until it is not."]),
            ("tip", ("A spoonful of tea", "Grind a teaspoon of Earl Grey with the sugar. It will taste of something, and nobody will guess of what.")),
            ("shop", ["PAN-SHORTBREAD", "TEA-EARLGREY", "MUG-OCHRE"]),
        ],
    ),
    Story(
        "presents-for-people-who-have-everything", "Presents for people who have everything", "presents", "Mei Lindqvist", ("Shop talk",), 101,
        "They have a scarf. They have a candle. What they have not is marmalade, string, and something that grows.",
        "Small presents that get used up, and one that outlives us.",
        "An orchid, a box of tea, a mug, a jar of honey and a ball of twine",
        [
            ("p", "The rule in our families is that a present must either be eaten, be planted, or fit through a letter box. It has made birthdays easier and the attic emptier."),
            ("h", "To be used up"),
            ("p", "Honey from the moor. Marmalade, if they are the sort that reads the paper at breakfast. A box of six teas, for those who say they only drink one. And twine: nobody buys good twine for themselves, and everybody reaches for it twice a week."),
            ("h", "To be kept"),
            ("p", "A mug, because theirs is chipped and they will not say so. An orchid, for somebody with a bathroom window. An olive tree, for somebody with patience and a wall to the south; it may see their great-grandchildren."),
            ("q", "Wrap it in a tea towel. That is two presents."),
            ("shop", ["PAN-HONEY", "TEA-SAMPLER", "GRD-TWINE", "PLANT-ORCHID"]),
        ],
    ),
    Story(
        "at-the-potters-wheel", "At the potter's wheel", "potter", "Mei Lindqvist", ("Shop talk", "Kitchen"), 118,
        "Hannah Greenwood throws our teapots in Todmorden. We spent a day with her, and were allowed to make a very bad bowl.",
        "A visit to the pottery where our teapots and dipped mugs are made.",
        "Shelves of cups, mugs, pots and a yellow teapot",
        [
            ("p", "The body of a teapot takes her four minutes. The spout takes eleven. It is cut from a cone while the clay is like leather, and if the angle is wrong by the width of a fingernail, it will dribble for the rest of its life."),
            ("p", "She throws on Mondays and Tuesdays, turns on Wednesdays, glazes when the weather is dry. The line on the dipped mugs wanders because she dips them by hand, upside down, counting to three. She has been asked for a straight one. She has a machine for that, she says, it is called a factory."),
            ("q", "A handle is for the fingers you have, not for the ones in the catalog."),
            ("p", "One pot in twelve does not make it. Those with a scar on the foot we sell at the market stall, on the first Saturday of the month; those that ring wrong go back into the bucket and become somebody else."),
            ("shop", ["POT-FOREST", "MUG-DIPPED", "MUG-PLUM"]),
        ],
    ),
    Story(
        "a-slow-calendar-of-watering", "A slow calendar of watering", "slow_water", "Tomasz Wolny", ("Plants", "Garden"), 140,
        "How much, how often, and at what time of day: a page to hang beside the watering can.",
        "When to water house plants and pots, month by month, on one page.",
        "A green watering can between an olive tree and a pot of herbs on a meadow",
        [
            ("p", "Plants do not know what day it is, so neither should the can. But if you need a page to hang on the wall, this is ours. Cut it out; we shall not mind."),
            ("steps", ["<b>November to February:</b> half of what you think. Cold wet feet kill more plants than thirst.", "<b>March:</b> begin again when you see new leaves, not before.", "<b>April to June:</b> weekly, well, and with a little feed every second time.", "<b>July, August:</b> in the morning, before the sun is on the pots. Evenings bring slugs.", "<b>September, October:</b> less each week. Bring the olive in when the first night falls below five degrees."]),
            ("tip", ("Rain is free", "A bucket under the downpipe gives soft water without lime, at the right temperature. Ferns and orchids will know the difference within a month.")),
            ("shop", ["GRD-CAN", "PLANT-OLIVE", "PLANT-FERN"]),
        ],
    ),
)  # fmt: skip

ABOUT: Body = [
    ("p", "Fern &amp; Kettle began in the window of an old seed store in Hebden Bridge, with four teas, six ferns and a till that stuck. There are three of us: Ruth tastes, Tomasz grows, Mei writes and does the sums."),
    ("h", "What we sell"),
    ("p", "What we use ourselves. Sixty things or so, on purpose: if something comes, something goes. The teas are blended here on Tuesdays, the plants spend six weeks in an unheated house before they leave us, the pots come from potters whom we can reach by bicycle."),
    ("q", "We would rather sell you one good kettle than three."),
    ("h", "What we write"),
    ("p", "The magazine was a sheet of paper in the parcel, because people asked how long the Assam should draw. It is still that. You can have it by mail: about twice a month, and one click ends it."),
    ("join", ("Letters from the shop", "What is new in the magazine, and what comes out of the kiln. No more than twice a month.")),
    ("h", "And truly?"),
    ("p", "Truly we do not exist. This is the example site of <b>wagtail-precise-mail</b>. The people, orders and addresses were invented by a program, the pictures were drawn by another, and the mails stay in a mailbox on your own machine."),
]  # fmt: skip

YOUR_DATA: Body = [
    ("h", "What we keep"),
    ("p", "What the post office needs to find you, what you ordered, and which of our mails you opened and which products you looked at afterwards, if you let us. Looks are forgotten after ninety days. Orders stay for six years, because the tax office says so. The rest goes when you do."),
    ("h", "What we never do"),
    ("p", "We sell no addresses and lend none. Nobody writes to you from here but the three of us."),
    ("h", "How to leave"),
    ("p", "One click at the end of every mail. Write to us and we delete the rest; it takes a day, because a person does it."),
]  # fmt: skip
