package report

import (
	"fmt"
	"html"
	"strings"
)

// A drawing is an SVG picture under construction. Lengths are in pixels.
type drawing struct {
	width, height int
	algs          []string // for the colours
	b             strings.Builder
}

// class names the colour of an optimiser.
func (d *drawing) class(alg string) string {
	for i, a := range d.algs {
		if a == alg {
			return fmt.Sprint("c", i)
		}
	}
	return "ink"
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&d.b, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}

func (d *drawing) path(points [][2]float64, class string) {
	d.b.WriteString("<polyline points=\"")
	for i, p := range points {
		if i > 0 {
			d.b.WriteByte(' ')
		}
		fmt.Fprintf(&d.b, "%.1f,%.1f", p[0], p[1])
	}
	fmt.Fprintf(&d.b, "\" class=\"%s\"/>\n", class)
}

func (d *drawing) dot(x, y, r float64, class string) {
	fmt.Fprintf(&d.b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, r, class)
}

// text writes with its baseline at y. anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, class, s string) {
	fmt.Fprintf(&d.b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, class, html.EscapeString(s))
}

// textWidth is about how wide a text of the ordinary size is, in a wide font.
func textWidth(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljt.,:'|! ", r):
			w += 4.2
		case strings.ContainsRune("mwMWOQ", r):
			w += 10.5
		case r >= 'A' && r <= 'Z':
			w += 8.4
		default:
			w += 7.1
		}
	}
	return w
}

// String is the picture: it has a ground of its own, and changes its colours where
// the reader has asked for dark ones.
func (d *drawing) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\" font-size=\"11.5\">\n", d.width, d.height, d.width, d.height)
	b.WriteString("<style>\n")
	colours := func(dark bool) {
		ground, ink, soft, rule := "#ffffff", "#1f2328", "#59636e", "#dfe3e8"
		if dark {
			ground, ink, soft, rule = "#0d1117", "#e6edf3", "#9198a1", "#2b3139"
		}
		fmt.Fprintf(&b, ".ground{fill:%s}text{fill:%s}text.soft{fill:%s}.rule{stroke:%s}.axis{stroke:%s}.lead{stroke:%s}\n", ground, ink, soft, rule, soft, soft)
		for i, alg := range d.algs {
			colour := lookOf(alg).light
			if dark {
				colour = lookOf(alg).dark
			}
			fmt.Fprintf(&b, "line.c%d,polyline.c%d{stroke:%s}circle.c%d,text.c%d{fill:%s}\n", i, i, colour, i, i, colour)
		}
	}
	b.WriteString("polyline{fill:none;stroke-width:1.3;stroke-linejoin:round}.thick{stroke-width:2.8}.rule,.axis{stroke-width:1}.lead{stroke-width:.6;stroke-dasharray:1.5 2}.bar{stroke-width:1.6}.title{font-size:13px;font-weight:600}.bold{font-weight:600}\n")
	colours(false)
	b.WriteString("@media (prefers-color-scheme: dark){\n")
	colours(true)
	b.WriteString("}\n</style>\n")
	fmt.Fprintf(&b, "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>\n", d.width, d.height)
	b.WriteString(d.b.String())
	b.WriteString("</svg>\n")
	return b.String()
}
