package demo

import "fmt"

// product is one thing the shop sells; prices are in euro cents.
type product struct {
	Slug    string
	Name    string
	Line    string // one sentence for the catalogue
	About   string
	Facts   []string
	Cents   int
	Stock   int
	Picture string // name of a drawing in pages/pictures.html
}

var catalogue = []product{
	{
		Slug: "copper-kettle", Name: "Copper kettle", Cents: 8900, Stock: 7, Picture: "kettle",
		Line:  "Boils 1.2 litres, and sings when it does.",
		About: "Spun from one sheet of copper and lined with tin by hand. The handle stays cool, the spout pours in a thin, quiet line.",
		Facts: []string{"1.2 litres", "For gas, electric and ceramic hobs", "Tin lining renewed free for ten years"},
	},
	{
		Slug: "stoneware-pot", Name: "Stoneware teapot", Cents: 5400, Stock: 12, Picture: "pot",
		Line:  "Four cups, one steady hand.",
		About: "Thrown and glazed in small batches. No two have the same blue, and the lid stays on when you pour the last cup.",
		Facts: []string{"0.9 litres", "Fits the dishwasher", "With a steel strainer"},
	},
	{
		Slug: "walnut-tray", Name: "Walnut tray", Cents: 3900, Stock: 21, Picture: "tray",
		Line:  "Carries breakfast as far as the garden.",
		About: "Solid walnut with finger-wide handles cut through the rim. Oiled, not varnished, so a scratch can be rubbed away.",
		Facts: []string{"42 by 30 centimetres", "Wipe with a damp cloth", "Wood from replanted groves"},
	},
	{
		Slug: "garden-mint", Name: "Garden mint", Cents: 1150, Stock: 64, Picture: "tin",
		Line:  "Picked before noon, dried in the shade.",
		About: "Three mints from one hillside. Bright when hot, brighter over ice. The tin closes tight and is worth keeping.",
		Facts: []string{"80 grams, about 40 cups", "Without caffeine", "Refill bags available"},
	},
	{
		Slug: "morning-cups", Name: "Two morning cups", Cents: 2800, Stock: 33, Picture: "cup",
		Line:  "Wide at the top, warm in the palm.",
		About: "Thick-walled cups that keep tea hot for the length of a newspaper. Sold in pairs, because one is always in the wash.",
		Facts: []string{"0.3 litres each", "Fits oven and dishwasher", "Glazed inside and out"},
	},
	{
		Slug: "three-minute-glass", Name: "Three-minute glass", Cents: 1900, Stock: 18, Picture: "glass",
		Line:  "The only timer that never rings.",
		About: "Blown glass in a beech frame, filled with fine white sand. Three minutes for green tea, turn it again for black.",
		Facts: []string{"12 centimetres high", "Exact to five seconds", "Beech, glass and sand"},
	},
}

func find(slug string) (product, bool) {
	for _, p := range catalogue {
		if p.Slug == slug {
			return p, true
		}
	}
	return product{}, false
}

func euros(cents int) string { return fmt.Sprintf("€%d.%02d", cents/100, cents%100) }
