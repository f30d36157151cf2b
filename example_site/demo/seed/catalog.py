"""What the shop sells: eight categories, their products, how each is drawn and when it is bought."""
# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from example_site.demo.art.scenes import (
    BLUSH,
    CLAY,
    CREAM,
    FERN,
    FOREST,
    MOSS,
    NIGHT,
    OCHRE,
    PLUM,
    SAGE,
    SKY,
    STONE,
    Thing,
)

# How many more or fewer orders a month brings, January first.
_WINTER = (1.4, 1.2, 1.0, 0.8, 0.7, 0.6, 0.5, 0.6, 0.9, 1.2, 1.7, 2.1)
_SPRING = (0.4, 0.9, 1.8, 2.2, 1.9, 1.2, 0.8, 0.7, 0.9, 0.7, 0.4, 0.4)
_GIFTS = (0.7, 0.9, 0.9, 0.9, 1.0, 0.8, 0.7, 0.7, 0.8, 1.0, 1.9, 2.8)


@dataclass(frozen=True)
class Item:
    """A product with its picture and how it sells.

    Attributes:
        days_supply: after how many days one buys it again; 0 for things that last.
        popularity: how often it is bought, where 1 is usual.
    """

    sku: str
    name: str
    price: Decimal
    description: str
    thing: Thing
    tone: str
    popularity: float = 1.0
    days_supply: int = 0
    is_available: bool = True


@dataclass(frozen=True)
class Shelf:
    """A category."""

    slug: str
    name: str
    interest: str
    seasons: tuple[float, ...]
    items: tuple[Item, ...]


def _item(
    sku: str, name: str, price: str, thing: tuple[str, str, str], tone: str, description: str,
    popularity: float = 1.0, days: int = 0, *, available: bool = True,
) -> Item:  # fmt: skip
    return Item(sku, name, Decimal(price), description, Thing(*thing), tone, popularity, days, available)


SHELVES: tuple[Shelf, ...] = (
    Shelf("tea", "Teas", "tea", _WINTER, (
        _item("TEA-BREAKFAST", "Mill Lane Breakfast, 125 g", "8.50", ("tin", FOREST, OCHRE), SAGE, "Our everyday blend: a malty Assam for the backbone, a bright Kenyan for the morning, and a little Ceylon so that it stays civil. Takes milk, forgives a forgotten pot.", 3.4, 38),
        _item("TEA-ASSAM", "Assam Second Flush, 100 g", "9.80", ("tin", CLAY, OCHRE), BLUSH, "Picked in June, when the bushes have had their rain. Malt, honey and a dark red cup. Four minutes, not five.", 2.0, 44),
        _item("TEA-DARJEELING", "Darjeeling First Flush, 75 g", "14.50", ("tin", SKY, PLUM), SKY, "The first leaves of the year, light as straw and a little like green grapes. Drink it without milk, and take your time.", 1.3, 52),
        _item("TEA-EARLGREY", "Earl Grey with Real Bergamot, 100 g", "8.90", ("tin", NIGHT, OCHRE), OCHRE, "Cold-pressed oil from Calabria on a Ceylon leaf: the perfume lifts, it does not shout.", 2.2, 42),
        _item("TEA-LAPSANG", "Lapsang, Gently Smoked, 100 g", "10.20", ("pouch", PLUM, OCHRE), STONE, "Pine smoke as from the next garden, not as from your own coat. Good with strong cheese and bad weather.", 0.8, 60),
        _item("TEA-SENCHA", "Sencha from Shizuoka, 80 g", "12.00", ("pouch", MOSS, CREAM), SAGE, "Steamed, needle-fine and deep green. Let the water cool to 75 degrees, and it will taste of peas and sea.", 1.4, 45),
        _item("TEA-MATCHA", "Ceremonial Matcha, 30 g", "19.50", ("bowl", STONE, FERN), BLUSH, "Stone-ground to order in Uji. For the bowl and the whisk; far too good for cake, though we have tried.", 1.1, 36),
        _item("TEA-OOLONG", "Milk Oolong, 75 g", "13.20", ("tin", SAGE, CLAY), CLAY, "Rolled leaves that open like a fern. Creamy by nature, no flavoring in it. Makes five infusions.", 1.0, 55),
        _item("TEA-JASMINE", "Jasmine Pearls, 80 g", "13.90", ("glass_teapot", SAGE, BLUSH), SKY, "Green tea turned by hand and scented with fresh blossom on six nights in a row.", 0.9, 55),
        _item("TEA-SAMPLER", "Six Teas in a Box", "16.00", ("carton", FOREST, OCHRE), OCHRE, "Ten bags each of Breakfast, Earl Grey, Assam, Sencha, Jasmine and Oolong: how most people start with us.", 1.6),
    )),
    Shelf("infusions", "Herbs & infusions", "tea", _WINTER, (
        _item("INF-MINT", "Three Mints, 60 g", "6.50", ("pouch", FERN, CREAM), SAGE, "Peppermint, spearmint and a little apple mint from the Fens, dried in the shade.", 1.5, 48),
        _item("INF-CHAMOMILE", "Whole Chamomile Flowers, 50 g", "6.80", ("pouch", OCHRE, FOREST), OCHRE, "Whole heads, not dust. Tastes of hay and apple, and of going to bed at a sensible hour.", 1.3, 55),
        _item("INF-ROOIBOS", "Rooibos with Orange, 100 g", "6.90", ("tin", CLAY, CREAM), CLAY, "Long-cut rooibos, orange peel and nothing else. Keeps for hours on the stove.", 1.2, 50),
        _item("INF-GINGER", "Ginger & Lemongrass, 80 g", "6.90", ("carton", OCHRE, FOREST), STONE, "For the first cough in November and the last walk in March.", 1.4, 40),
        _item("INF-VERBENA", "Lemon Verbena, 40 g", "7.40", ("pouch", SAGE, OCHRE), SKY, "One herb, whole leaf, from a terrace above Grasse. Lovely cold.", 0.8, 55),
        _item("INF-BERRY", "Hedgerow Berries, 100 g", "7.20", ("jar", PLUM, BLUSH), BLUSH, "Elder, rosehip, blackcurrant and hibiscus: red, sharp and good with honey.", 1.0, 48),
        _item("INF-NETTLE", "Nettle & Oat Straw, 50 g", "6.20", ("pouch", MOSS, CLAY), SAGE, "Green and plain. An acquired habit rather than an acquired taste.", 0.5, 60),
    )),
    Shelf("kettles-pots", "Kettles & teapots", "kitchen", _GIFTS, (
        _item("POT-BROWN", "The Brown Teapot, 1 l", "34.00", ("teapot", "#7a4a34", CREAM), STONE, "Red Staffordshire clay, a fat belly and a spout that does not drip. The best pot we know for black tea.", 1.5),
        _item("POT-FOREST", "Round Teapot, Forest Green", "42.00", ("teapot", FOREST, OCHRE), SAGE, "Thrown in Todmorden, glazed in the green of our front door. Holds 0.8 liters, pours four cups.", 1.3),
        _item("POT-GLASS", "Glass Teapot with Strainer, 0.9 l", "29.00", ("glass_teapot", OCHRE, CLAY), SKY, "For teas that want to be watched: pearls, flowers, first flush. The strainer lifts out.", 1.2),
        _item("KET-COPPER", "Stove-top Kettle, Copper, 1.6 l", "78.00", ("kettle", CLAY, "#7d4f33"), OCHRE, "Spun copper, tin inside, beech on the handle. Sings before it whistles.", 0.8),
        _item("KET-NIGHT", "Enamel Kettle, Night Blue, 1.8 l", "46.00", ("kettle", NIGHT, OCHRE), BLUSH, "Enamel on steel, made for induction as well as for camp fires.", 1.1),
        _item("POT-GAIWAN", "Porcelain Gaiwan, 120 ml", "18.50", ("gaiwan", "#e9eee6", FERN), STONE, "Lid, bowl and saucer: the whole of the tea ceremony in one hand.", 0.9),
        _item("POT-TRAVEL", "Enamel Camping Pot, 0.6 l", "24.00", ("teapot", SKY, CREAM), MOSS, "Light, chipped within a year and better for it.", 0.7, available=False),
    )),
    Shelf("cups", "Cups & bowls", "kitchen", _GIFTS, (
        _item("CUP-CLASSIC", "Cup and Saucer, Cream & Clay", "16.00", ("cup", CREAM, CLAY), SAGE, "Thin at the rim, generous in the hand. Holds two tenths of a liter, as a cup should.", 1.6),
        _item("CUP-FOREST", "Cup and Saucer, Forest", "16.00", ("cup", FOREST, OCHRE), BLUSH, "The same cup in our green.", 1.3),
        _item("MUG-DIPPED", "Dipped Mug, Sea & Sand", "14.50", ("mug", SKY, CREAM), OCHRE, "Dipped twice, by hand, so the line is never straight. Dishwasher, yes.", 2.0),
        _item("MUG-OCHRE", "Dipped Mug, Ochre & Fern", "14.50", ("mug", OCHRE, FERN), SKY, "For large tea and for pens.", 1.7),
        _item("MUG-PLUM", "Dipped Mug, Plum & Blush", "14.50", ("mug", PLUM, BLUSH), STONE, "A mug for the evening kind of tea.", 1.1),
        _item("BOWL-MATCHA", "Matcha Bowl with Whisk", "38.00", ("bowl", FOREST, CLAY), SAGE, "Stoneware bowl, bamboo whisk of eighty tines, a page on how to hold both.", 0.9),
        _item("BOWL-BREAKFAST", "Breakfast Bowl, Speckled", "17.00", ("bowl", CREAM, SKY), CLAY, "Porridge, soup, café au lait. The whisk in the picture is a visitor.", 0.8),
    )),
    Shelf("plants", "House plants", "plants", _SPRING, (
        _item("PLANT-FERN", "Boston Fern", "19.00", ("fern", FERN, CLAY), SAGE, "The plant we are named after. Wants shade, a drink twice a week, and to be talked about.", 1.8),
        _item("PLANT-MONSTERA", "Monstera, Young", "28.00", ("monstera", FERN, CREAM), BLUSH, "Three leaves now, your whole window in two years.", 1.6),
        _item("PLANT-SNAKE", "Snake Plant", "22.00", ("snake_plant", "#4f8a60", OCHRE), SKY, "Survives holidays, dark corners and good intentions.", 1.5),
        _item("PLANT-PILEA", "Chinese Money Plant", "14.00", ("pilea", "#5f9a68", CLAY), OCHRE, "Round leaves on thin stems, and a child to give away every summer.", 1.4),
        _item("PLANT-SUCCULENT", "Dish of Three Succulents", "24.00", ("succulents", SAGE, CLAY), STONE, "Planted together and happily so. A sunny sill, a spoon of water on Sundays.", 1.2),
        _item("PLANT-OLIVE", "Small Olive Tree", "36.00", ("olive", "#7d9471", CREAM), SKY, "Sun, a little neglect, and outdoors from May. May even fruit, if flattered.", 0.9),
        _item("PLANT-ORCHID", "Moth Orchid, Blush", "26.00", ("orchid", BLUSH, CREAM), SAGE, "Flowers for three months and rests for nine, which seems fair.", 1.0),
        _item("PLANT-PEARLS", "String of Hearts, Hanging", "21.00", ("hanging", CLAY, FERN), OCHRE, "Trails as far as you let it. Comes with its bowl and its three cords.", 1.1),
        _item("PLANT-BASIL", "Pot of Genovese Basil", "6.50", ("herb", "#4d8f4f", CLAY), CLAY, "Sown thinly, so it lives longer than a week. Pinch the tops.", 2.0, 70),
    )),
    Shelf("planters", "Pots & planters", "plants", _SPRING, (
        _item("PLN-TERRA", "Terracotta Pair, 14 and 18 cm", "22.00", ("bare_pot", CLAY, OCHRE), SAGE, "Frost-proof, a little uneven, with saucers.", 1.6),
        _item("PLN-SKY", "Glazed Pair, Sky", "32.00", ("bare_pot", SKY, CREAM), STONE, "The blue of a Tuesday in April. Drainage hole, cork foot.", 1.1),
        _item("PLN-FOREST", "Glazed Pair, Forest", "32.00", ("bare_pot", FOREST, CREAM), BLUSH, "For plants that like to disappear into their pot.", 1.0),
        _item("PLN-OCHRE", "Glazed Pair, Ochre", "32.00", ("bare_pot", OCHRE, FOREST), SKY, "Warm enough to make a snake plant look cheerful.", 0.9),
        _item("PLN-HANG", "Hanging Bowl, Cream", "27.00", ("hanging", CREAM, MOSS), CLAY, "Stoneware and waxed cord. Hangs level, which took us a year.", 1.0),
        _item("PLN-DISH", "Wide Planting Dish", "25.00", ("succulents", MOSS, SKY), OCHRE, "Shallow and wide, for moss, bulbs or a family of succulents.", 0.7),
    )),
    Shelf("garden", "Garden tools & seeds", "garden", _SPRING, (
        _item("GRD-CAN", "Watering Can, Forest, 5 l", "39.00", ("watering_can", FOREST, OCHRE), SAGE, "Balanced so that the last cup pours as easily as the first. Brass rose.", 1.2),
        _item("GRD-CANBLUSH", "Watering Can, Blush, 1.5 l", "26.00", ("watering_can", BLUSH, CREAM), SKY, "The indoor one, with a spout thin enough for thimbles.", 1.1),
        _item("GRD-TROWEL", "Trowel and Fork, Ash", "32.00", ("trowel", "#a8744a", FOREST), STONE, "Forged in Sheffield, with ash handles that darken with you.", 1.4),
        _item("GRD-SECATEURS", "Bypass Secateurs", "44.00", ("secateurs", CLAY, OCHRE), SAGE, "Every part can be replaced, so buy them once.", 0.9),
        _item("GRD-GLOVES", "Garden Gloves, Ochre", "15.00", ("gloves", OCHRE, FERN), BLUSH, "Goatskin palms, cotton backs: thorns stay out, feeling stays in.", 1.3, 200),
        _item("GRD-TWINE", "Ball of Jute Twine", "5.50", ("twine", "#c9a876", FOREST), OCHRE, "Two hundred meters. Ties up beans, parcels and loose ends.", 1.7, 150),
        _item("SEED-CALENDULA", "Seeds: Calendula", "3.20", ("seeds", FERN, CLAY), SKY, "Sow where it is to stand; it will see to the following years by itself.", 1.8, 330),
        _item("SEED-COSMOS", "Seeds: Cosmos", "3.20", ("seeds", PLUM, BLUSH), SAGE, "Tall, airy, in flower until the frost says no.", 1.5, 330),
        _item("SEED-SUNFLOWER", "Seeds: Sunflower", "3.40", ("seeds", CLAY, OCHRE), STONE, "Not the giant but the friendly one: waist-high and branching.", 1.4, 330),
    )),
    Shelf("pantry", "Pantry", "kitchen", _GIFTS, (
        _item("PAN-HONEY", "Heather Honey, 340 g", "11.50", ("jar", OCHRE, FOREST), SAGE, "From hives on the moor above the shop. Sets like butter, tastes of August.", 1.8, 75),
        _item("PAN-MARMALADE", "Thick-cut Marmalade, 300 g", "6.80", ("jar", CLAY, OCHRE), SKY, "Seville oranges, once a year, eleven days of work.", 1.6, 60),
        _item("PAN-PLUMJAM", "Plum & Earl Grey Jam, 300 g", "6.90", ("jar", PLUM, FERN), BLUSH, "Our own tea in our neighbor's plums.", 1.2, 60),
        _item("PAN-SHORTBREAD", "Shortbread in a Tin, 400 g", "13.50", ("cake", FOREST, BLUSH), OCHRE, "Butter, flour, sugar, and the patience to leave it at that.", 1.7, 90),
        _item("PAN-CORDIAL", "Elderflower Cordial, 0.5 l", "8.20", ("bottle", "#c7cf9a", FOREST), STONE, "Forty heads to the bottle, picked before noon.", 1.1, 80),
        _item("PAN-VINEGAR", "Raspberry Vinegar, 0.25 l", "9.40", ("bottle", "#a33a4c", OCHRE), CLAY, "For salads, for soda water, for strawberries with pepper.", 0.7, 120),
        _item("PAN-OATCAKES", "Oatcakes in a Tin, 350 g", "9.80", ("cake", NIGHT, OCHRE), SKY, "Coarse, salty and gone by Sunday.", 1.2, 70),
    )),
)  # fmt: skip
