//! Grids: which pixel stands where, and what is refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use ae_viz::{DynamicImage, Grid, SignedScale, SignedTile, Tile, VizError, png_bytes};
use image::GrayImage;
use proptest::prelude::*;

const A: [u8; 6] = [1, 2, 3, 4, 5, 6];
const B: [u8; 6] = [11, 12, 13, 14, 15, 16];
const C: [u8; 6] = [21, 22, 23, 24, 25, 26];

fn tile(pixels: &[u8; 6]) -> Tile<'_> {
    Tile::new(1, 2, 3, pixels).unwrap()
}

/// The picture, which must be grey.
fn grey(picture: DynamicImage) -> GrayImage {
    assert_eq!(picture.color(), image::ColorType::L8);
    picture.into_luma8()
}

fn fault<T: std::fmt::Debug>(drawn: Result<T, VizError>) -> String {
    drawn.unwrap_err().to_string()
}

#[test]
fn tiles_stand_row_by_row_and_the_last_row_is_filled_up_with_the_gap_level() {
    let picture = Grid::new(2).gap(1).gap_level(99).draw(&[tile(&A), tile(&B), tile(&C)]).unwrap();
    assert_eq!((picture.width(), picture.height()), (7, 5));
    #[rustfmt::skip]
    let expected = [
         1,  2,  3, 99, 11, 12, 13,
         4,  5,  6, 99, 14, 15, 16,
        99, 99, 99, 99, 99, 99, 99,
        21, 22, 23, 99, 99, 99, 99,
        24, 25, 26, 99, 99, 99, 99,
    ];
    assert_eq!(picture.as_bytes(), &expected);
}

#[test]
fn upscaling_repeats_pixels_and_leaves_the_gap_alone() {
    let picture = Grid::new(1).upscale(2).gap(1).gap_level(0).draw(&[tile(&A), tile(&B)]).unwrap();
    #[rustfmt::skip]
    let expected = [
         1,  1,  2,  2,  3,  3,
         1,  1,  2,  2,  3,  3,
         4,  4,  5,  5,  6,  6,
         4,  4,  5,  5,  6,  6,
         0,  0,  0,  0,  0,  0,
        11, 11, 12, 12, 13, 13,
        11, 11, 12, 12, 13, 13,
        14, 14, 15, 15, 16, 16,
        14, 14, 15, 15, 16, 16,
    ];
    assert_eq!((picture.width(), picture.height()), (6, 9));
    assert_eq!(picture.as_bytes(), &expected);
}

#[test]
fn planes_are_red_green_and_blue_and_one_tile_in_colour_makes_the_picture_so() {
    let planes = [1, 2, 11, 12, 21, 22];
    let tiles = [Tile::new(3, 1, 2, &planes).unwrap(), Tile::new(1, 1, 2, &[7, 9]).unwrap()];
    let picture = Grid::new(2).gap(0).draw(&tiles).unwrap();
    assert_eq!(picture.color(), image::ColorType::Rgb8);
    assert_eq!(picture.as_bytes(), &[1, 11, 21, 2, 12, 22, 7, 7, 7, 9, 9, 9]);
    let decoded = image::load_from_memory(&png_bytes(&picture).unwrap()).unwrap();
    assert_eq!(decoded, picture);
    assert_eq!(Grid::new(1).draw(&tiles[1..]).unwrap().color(), image::ColorType::L8);
}

#[test]
fn tiles_of_any_size_make_a_figure_of_a_bounded_one() {
    let size = |rows: usize, cols: usize| {
        let pixels = vec![5; rows * cols];
        let tiles = vec![Tile::new(1, rows, cols, &pixels).unwrap(); 10];
        let picture = grey(Grid::new(5).gap(4).tile_side(112..=512).draw(&tiles).unwrap());
        assert!((0..2).all(|x| picture.get_pixel(x, 0).0 == [5]));
        ((picture.width() - 4 * 4) / 5, (picture.height() - 4) / 2)
    };
    assert_eq!([size(8, 8), size(28, 28), size(512, 400)], [(112, 112), (112, 112), (400, 512)]);
    assert_eq!([size(1024, 1024), size(300, 900)], [(512, 512), (512, 171)]);
}

#[test]
fn signed_numbers_are_averaged_before_they_are_coloured() {
    let tiles = [SignedTile::new(1, 4, &[1.0, -1.0, 1.0, 1.0]).unwrap()];
    let picture = Grid::new(1).tile_side(1..=2).draw_signed(&tiles, SignedScale::Common).unwrap().into_rgb8();
    assert_eq!([0, 1].map(|x| picture.get_pixel(x, 0).0), [[0xF7; 3], [0x67, 0x00, 0x1F]]);
}

#[test]
fn names_of_columns_stand_above_them_cut_to_the_width_of_a_tile() {
    let light = [200; 24 * 24];
    let tiles = vec![Tile::new(1, 24, 24, &light).unwrap(); 6];
    let plain = Grid::new(3).upscale(2).gap(4).gap_level(150);
    let named = |names: [&str; 3]| grey(plain.clone().column_labels(names).draw(&tiles).unwrap());
    let long = "w".repeat(300);
    let (picture, plain) = (named(["", "a\u{4e09}\n", &long]), grey(plain.draw(&tiles).unwrap()));
    let top = picture.height() - plain.height();
    assert!((16..30).contains(&top) && picture.width() == plain.width());
    for (x, y, pixel) in plain.enumerate_pixels() {
        assert_eq!(picture.get_pixel(x, top + y), pixel);
    }
    let dark = |x: &u32| (0..top).any(|y| picture.get_pixel(*x, y).0[0] < 128);
    let inked: Vec<u32> = (0..picture.width()).filter(dark).collect();
    // The second column of tiles is from 52 to 100, the third from 104 to 152.
    let of = |columns: std::ops::Range<u32>| inked.iter().filter(|x| columns.contains(x)).count();
    assert!(of(0..52) == 0 && of(60..92) > 5 && of(104..152) > 20, "{inked:?}");
    assert_eq!(of(52..100) + of(104..152), inked.len());
    assert_eq!(named(["", "a??", &format!("{long}x")]), picture);
    let error = fault(Grid::new(3).column_labels(["a", "b"]).draw(&tiles));
    assert_eq!(error, "labels of the columns of a grid: expected 3, found 2");
}

#[test]
fn a_name_from_elsewhere_is_a_label_that_every_picture_takes() {
    let names = ["W".repeat(1_000_000), "\u{4e09}\0\u{fffe}\n".repeat(100), "i".repeat(60), String::new()];
    for name in &names {
        let label = ae_viz::label_of(name);
        assert!(!label.contains(char::is_control) && label.chars().count() < 40, "{label:?}");
        Grid::new(1).upscale(90).row_labels([&*label]).draw(&[tile(&A)]).unwrap();
        let chart = ae_viz::ScatterChart::new(&*label, &*label, [&*label, "b"]);
        chart.panel(&*label, "", "", [(0.0, 0.0)], &[0]).to_png_bytes().unwrap();
        let chart = ae_viz::LineChart::new(&*label, "", "").series(&*label, [(0.0, 0.0)]);
        chart.reference(&*label, 1.0).to_png_bytes().unwrap();
    }
    assert_eq!(ae_viz::label_of("shoe"), "shoe");
}

#[test]
fn columns_without_tiles_keep_their_place() {
    let picture = Grid::new(3).gap(0).gap_level(7).draw(&[tile(&A)]).unwrap();
    assert_eq!((picture.width(), picture.height()), (9, 2));
    assert_eq!(picture.as_bytes()[..9], [1, 2, 3, 7, 7, 7, 7, 7, 7]);
}

#[test]
fn what_makes_no_grid_is_refused() {
    let turned = Tile::new(1, 3, 2, &B).unwrap();
    let error = fault(Grid::new(2).draw(&[tile(&A), tile(&B), turned]));
    assert_eq!(error, "tile 2: expected 2 x 3 pixels, as tile 0 has, found 3 x 2");
    assert_eq!(fault(Grid::new(2).draw(&[])), "tiles of a grid: expected at least 1, found 0");
    let tiles = [tile(&A)];
    assert_eq!(fault(Grid::new(0).draw(&tiles)), "columns of a grid: expected at least 1, found 0");
    let error = fault(Grid::new(2).upscale(0).draw(&tiles));
    assert_eq!(error, "pixels of a grid to one of a tile: expected at least 1, found 0");
    let tiles = [[0.0; 2]; 2];
    let tiles = [SignedTile::new(1, 2, &tiles[0]).unwrap(), SignedTile::new(2, 1, &tiles[1]).unwrap()];
    let error = fault(Grid::new(1).draw_signed(&tiles, SignedScale::Common));
    assert_eq!(error, "tile 1: expected 1 x 2 pixels, as tile 0 has, found 2 x 1");
}

/// Columns and rows of a part of the picture that hold dark pixels.
fn inked(picture: &GrayImage, width: u32) -> (Vec<u32>, Vec<u32>) {
    let is_dark = |x: u32, y: u32| picture.get_pixel(x, y).0[0] < 128;
    let columns = (0..width).filter(|x| (0..picture.height()).any(|y| is_dark(*x, y))).collect();
    (columns, (0..picture.height()).filter(|y| (0..width).any(|x| is_dark(x, *y))).collect())
}

#[test]
fn labels_stand_beside_their_row_and_change_no_tile() {
    let light = [200; 24 * 24];
    let tiles = vec![Tile::new(1, 24, 24, &light).unwrap(); 6];
    let plain = Grid::new(3).upscale(2).gap(4).gap_level(150);
    let picture = grey(plain.clone().row_labels(["", "up"]).draw(&tiles).unwrap());
    let plain = grey(plain.draw(&tiles).unwrap());
    let left = picture.width() - plain.width();
    assert_eq!(picture.height(), plain.height());
    for (x, y, pixel) in plain.enumerate_pixels() {
        assert_eq!(picture.get_pixel(left + x, y), pixel);
    }
    let (columns, rows) = inked(&picture, left);
    assert!(columns.len() > 8 && columns.iter().all(|x| (4..left - 4).contains(x)), "{columns:?} of {left}");
    // The second row of tiles covers the rows of pixels from 52 to 100.
    assert!(rows.len() > 8 && rows.iter().all(|y| (64..88).contains(y)), "{rows:?}");
}

#[test]
fn labels_that_cannot_be_drawn_are_refused() {
    let tiles = [tile(&A), tile(&B), tile(&C)];
    let with =
        |labels: &[&str]| fault(Grid::new(2).upscale(10).row_labels(labels.iter().copied()).draw(&tiles));
    assert_eq!(with(&["a"]), "labels of the rows of a grid: expected 2, found 1");
    assert!(with(&["a", "two\nlines"]).contains("expected one line of text"));
    assert!(with(&["a", "\u{4e09}"]).contains("expected characters that the font"));
    assert!(with(&[&"w".repeat(100), ""]).contains("expected a width of at most 600 pixels"));
}

#[test]
fn png_decodes_to_the_same_pixels_and_is_the_same_each_time() {
    let picture = Grid::new(2).upscale(3).draw(&[tile(&A), tile(&B), tile(&C)]).unwrap();
    let bytes = png_bytes(&picture).unwrap();
    assert_eq!(bytes, png_bytes(&picture).unwrap());
    let decoded = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap();
    assert_eq!(decoded.color(), image::ColorType::L8);
    assert_eq!(decoded, picture);
}

#[test]
fn signed_tiles_that_lie_are_refused() {
    assert_eq!(fault(SignedTile::new(2, 2, &[0.0; 3])), "pixels of a tile: expected 2 x 2, found 3");
    assert_eq!(fault(SignedTile::new(0, 2, &[])), "pixels of a tile: expected at least 1, found 0");
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = fault(SignedTile::new(1, 2, &[0.0, bad]));
        assert_eq!(error, format!("pixel 1 of a tile: expected a finite number, found {bad}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_pixel_is_in_its_square_and_the_rest_is_gap(
        (rows, cols, count) in (1usize..6, 1usize..6, 1usize..12),
        (columns, upscale, gap) in (1usize..6, 1usize..4, 0usize..4),
        seed in any::<u8>(),
    ) {
        // Levels 0 to 250, so that the gaps' 255 is no tile's pixel.
        let pixels: Vec<u8> =
            (0..count * rows * cols).map(|i| ((i * 37 + usize::from(seed)) % 251) as u8).collect();
        let tiles: Vec<_> =
            pixels.chunks(rows * cols).map(|p| Tile::new(1, rows, cols, p).unwrap()).collect();
        let grid = Grid::new(columns).upscale(upscale as u32).gap(gap as u32);
        let picture = grey(grid.draw(&tiles).unwrap());
        let (step_x, step_y) = (cols * upscale + gap, rows * upscale + gap);
        let size = (columns * step_x - gap, count.div_ceil(columns) * step_y - gap);
        prop_assert_eq!(picture.dimensions(), (size.0 as u32, size.1 as u32));

        for (x, y, found) in picture.enumerate_pixels() {
            let (x, y) = (x as usize, y as usize);
            let (tile, row, col) = (y / step_y * columns + x / step_x, y % step_y / upscale, x % step_x / upscale);
            let expected =
                if tile < count && row < rows && col < cols { pixels[(tile * rows + row) * cols + col] } else { 255 };
            prop_assert_eq!(found.0, [expected], "{} {}", x, y);
        }
    }

    #[test]
    fn signed_numbers_are_blue_below_zero_and_red_above_and_the_bar_lies_below_them(
        (rows, cols, count) in (1usize..5, 1usize..5, 1usize..8),
        (columns, upscale, labelled) in (1usize..5, 1usize..20, any::<bool>()),
        values in prop::collection::vec(-3.0f32..3.0, 4 * 4 * 7),
    ) {
        let numbers: Vec<&[f32]> = values.chunks_exact(rows * cols).take(count).collect();
        let tiles: Vec<_> = numbers.iter().map(|values| SignedTile::new(rows, cols, values).unwrap()).collect();
        let grid = Grid::new(columns).upscale(upscale as u32);
        let labels = (0..count.div_ceil(columns)).map(|row| row.to_string());
        let labelled = if labelled { grid.clone().row_labels(labels) } else { grid.clone() };
        let black = vec![0; rows * cols];
        let black = vec![Tile::new(1, rows, cols, &black).unwrap(); count];
        let (plain, beside) = (grid.draw(&black).unwrap(), labelled.draw(&black).unwrap());
        let picture = labelled.draw_signed(&tiles, SignedScale::Common).unwrap().into_rgb8();
        prop_assert!(picture.width() >= beside.width() && picture.height() > beside.height());

        let left = (beside.width() - plain.width()) as usize;
        for (tile, numbers) in numbers.iter().enumerate() {
            let corner = (tile % columns * (cols * upscale + 1), tile / columns * (rows * upscale + 1));
            for (i, value) in numbers.iter().enumerate() {
                let (x, y) = (left + corner.0 + i % cols * upscale, corner.1 + i / cols * upscale);
                let [first, last] = [0, upscale - 1].map(|by| picture.get_pixel((x + by) as u32, (y + by) as u32).0);
                prop_assert_eq!(first, last);
                let (red, blue) = (first[0], first[2]);
                // Near 0 every colour is nearly white.
                prop_assert!(value.abs() < 0.1 || red != blue && (red > blue) == (*value > 0.0));
            }
        }
    }
}
