//! A reader of the charts' SVG, and what its axes say about the place of a value.

/// One element, without the elements in it.
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// What stands between its tags.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }

    /// An attribute that is one number.
    pub(crate) fn number(&self, attribute: &str) -> f64 {
        self.get(attribute).unwrap().parse().unwrap()
    }

    /// The points of a line.
    pub(crate) fn points(&self) -> Vec<(f64, f64)> {
        let pairs = self.get("points").unwrap().split(' ').map(|pair| pair.split_once(',').unwrap());
        pairs.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
    }
}

/// Every element in the order of the document, which must be closed and hold no stray markup.
pub(crate) fn elements(svg: &str) -> Vec<Element> {
    let (mut elements, mut open) = (Vec::new(), Vec::new());
    for part in svg.strip_prefix('<').unwrap().split('<') {
        let (tag, text) = part.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut rest) = tag.split_once(' ').unwrap();
        let mut attributes = Vec::new();
        while let Some((attribute, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap();
            attributes.push((attribute.to_owned(), value.to_owned()));
            rest = after.trim_start();
        }
        assert_eq!(rest, "", "{tag}");
        if !closed {
            open.push(name.to_owned());
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        elements.push(Element { name: name.to_owned(), attributes, text });
    }
    assert!(open.is_empty(), "{open:?}");
    elements
}

/// The lines of a colour.
pub(crate) fn lines(svg: &str, colour: &str) -> Vec<Vec<(f64, f64)>> {
    let all = elements(svg).into_iter().filter(|element| element.name == "polyline");
    all.filter(|element| element.get("stroke") == Some(colour)).map(|element| element.points()).collect()
}

/// The discs of a colour: their centres.
pub(crate) fn circles(svg: &str, colour: &str) -> Vec<(f64, f64)> {
    let all = elements(svg).into_iter().filter(|element| element.name == "circle");
    let of_colour = all.filter(|element| element.get("fill") == Some(colour));
    of_colour.map(|circle| (circle.number("cx"), circle.number("cy"))).collect()
}

/// Values along an axis and the pixels of their grid lines.
pub(crate) struct Ticks(Vec<(f64, f64)>);

impl Ticks {
    /// Where a value lies by the ticks on both ends, on a linear axis.
    pub(crate) fn place(&self, value: f64) -> f64 {
        self.between(value, |value| value)
    }

    /// As [`Ticks::place`], on a logarithmic axis.
    pub(crate) fn log_place(&self, value: f64) -> f64 {
        self.between(value, f64::ln)
    }

    fn between(&self, value: f64, position: impl Fn(f64) -> f64) -> f64 {
        let ((low, first), (high, last)) = (self.0[0], self.0[self.0.len() - 1]);
        let along = (position(value) - position(low)) / (position(high) - position(low));
        first + along * (last - first)
    }
}

/// The ticks of the two axes of a chart with one plot: labels beside grid lines.
pub(crate) fn axes(svg: &str) -> (Ticks, Ticks) {
    const TICK_SIZE: &str = "13";
    let labels = |anchor: &str| -> Vec<Element> {
        let texts = elements(svg).into_iter().filter(|element| element.get("font-size") == Some(TICK_SIZE));
        texts.filter(|element| element.get("text-anchor") == Some(anchor)).collect()
    };
    let (upright, level): (Vec<_>, Vec<_>) =
        lines(svg, "#DDDDDD").into_iter().partition(|line| line[0].0 == line[1].0);
    let ticks = |labels: Vec<Element>, pixels: Vec<f64>, label_place: &str, below: f64| {
        assert!(labels.len() == pixels.len() && labels.len() > 1);
        let pairs = labels.into_iter().zip(pixels);
        let ticks = pairs.map(|(label, pixel)| {
            assert!((label.number(label_place) - below - pixel).abs() < 0.02, "{}", label.text);
            (label.text.parse().unwrap(), pixel)
        });
        Ticks(ticks.collect())
    };
    let x = ticks(labels("middle"), upright.iter().map(|line| line[0].0).collect(), "x", 0.0);
    // The baseline of a label lies half a small letter below its line.
    let y = ticks(labels("end"), level.iter().map(|line| line[0].1).collect(), "y", 13.0 * 0.547 / 2.0);
    (x, y)
}

pub(crate) fn close(a: (f64, f64), b: (f64, f64)) -> bool {
    (a.0 - b.0).abs() < 0.1 && (a.1 - b.1).abs() < 0.1
}
