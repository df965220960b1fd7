//! Labels that would lie over each other, moved apart.

use crate::chart::Frame;

/// Moves ascending `levels` apart by at least `distance`, each as near its own as those above it leave room, the
/// last not below `bottom`.
pub(crate) fn spread(levels: &[f64], distance: f64, bottom: f64) -> Vec<f64> {
    let mut places = levels.to_vec();
    for i in 1..places.len() {
        places[i] = places[i].max(places[i - 1] + distance);
    }
    let mut lowest = bottom;
    for place in places.iter_mut().rev() {
        *place = lowest.min(*place);
        lowest = *place - distance;
    }
    places
}

/// So little over each other, in pixels, is beside each other.
const TOUCH: f64 = 0.5;

/// The room of a label: its middle, and half its width and height.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) middle: [f64; 2],
    pub(crate) half: [f64; 2],
}

impl Room {
    /// How far this room and another reach over each other, sideways and up and down; both above 0 where they do.
    fn overlap(&self, other: &Room) -> [f64; 2] {
        [0, 1].map(|i| self.half[i] + other.half[i] - (other.middle[i] - self.middle[i]).abs())
    }

    fn is_over(&self, other: &Room) -> bool {
        self.overlap(other).into_iter().all(|over| over > TOUCH)
    }
}

/// Moves rooms that lie over each other apart, the shorter way, and all of them into the frame.
pub(crate) fn part(rooms: &mut [Room], frame: Frame) {
    /// Far more than ten labels need; labels without room enough for all would be moved for ever.
    const ROUNDS: usize = 200;
    for _ in 0..ROUNDS {
        let mut moved = false;
        for second in 1..rooms.len() {
            for first in 0..second {
                let (a, b) = (rooms[first], rooms[second]);
                if a.is_over(&b) {
                    let over = a.overlap(&b);
                    moved = true;
                    let way = usize::from(over[1] <= over[0]);
                    let step = f64::copysign(over[way] / 2.0, b.middle[way] - a.middle[way]);
                    rooms[first].middle[way] -= step;
                    rooms[second].middle[way] += step;
                }
            }
        }
        for Room { middle, half } in rooms.iter_mut() {
            middle[0] = middle[0].clamp(frame.left + half[0], frame.right - half[0]);
            middle[1] = middle[1].clamp(frame.top + half[1], frame.bottom - half[1]);
        }
        if !moved {
            break;
        }
    }
}

/// Which rooms lie in the frame and over none that comes before and is free itself, but for what [`part`] leaves too.
pub(crate) fn free(rooms: &[Room], frame: Frame) -> Vec<bool> {
    let mut kept: Vec<Room> = Vec::new();
    let is_free = |room: &Room| {
        let Room { middle: [x, y], half: [width, height] } = *room;
        let inside = frame.left - TOUCH <= x - width
            && x + width <= frame.right + TOUCH
            && frame.top - TOUCH <= y - height
            && y + height <= frame.bottom + TOUCH;
        let free = inside && !kept.iter().any(|other| room.is_over(other));
        if free {
            kept.push(*room);
        }
        free
    };
    rooms.iter().map(is_free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_keep_their_distance_and_their_order() {
        assert_eq!(spread(&[], 20.0, 100.0), []);
        assert_eq!(spread(&[10.0, 50.0], 20.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[10.0, 15.0, 18.0], 20.0, 100.0), [10.0, 30.0, 50.0]);
        assert_eq!(spread(&[90.0, 95.0, 98.0], 20.0, 100.0), [60.0, 80.0, 100.0]);
    }

    #[test]
    fn rooms_that_do_not_touch_stay_and_the_rest_is_parted_within_the_frame() {
        let frame = Frame { left: 0.0, right: 200.0, top: 0.0, bottom: 100.0 };
        let at = |x, y| Room { middle: [x, y], half: [20.0, 10.0] };
        let mut rooms = [at(30.0, 30.0), at(150.0, 70.0), at(150.0, 78.0), at(300.0, 20.0)];
        part(&mut rooms, frame);
        assert_eq!(rooms[0].middle, [30.0, 30.0]);
        assert_eq!([rooms[1].middle, rooms[2].middle], [[150.0, 64.0], [150.0, 84.0]]);
        assert_eq!(rooms[3].middle, [180.0, 20.0]);

        // Ten in a corner, as names of ten classes at one place would be.
        let frame = Frame { left: 0.0, right: 200.0, top: 0.0, bottom: 210.0 };
        let mut crowd = [at(5.0, 205.0); 10];
        part(&mut crowd, frame);
        for (i, a) in crowd.iter().enumerate() {
            assert!((20.0..=180.0).contains(&a.middle[0]) && (10.0..=200.0).contains(&a.middle[1]), "{a:?}");
            for b in &crowd[..i] {
                let over = a.overlap(b);
                assert!(over[0].min(over[1]) <= 0.5, "{a:?} and {b:?}");
            }
        }
    }
}
