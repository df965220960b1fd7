//! Checksums and lengths of `.aez` files, mended, so that readers get past them.

/// Bytes of the header, and those before its checksum.
pub(super) const HEADER: usize = 72;
const STATED: usize = 68;
pub(super) const CHECKSUM: usize = 4;
pub(super) const TRAILER: usize = 12;

/// Flags of the header's seventh byte.
const DESCRIBED: u8 = 8;
const NAMED: u8 = 16;

/// A number of 32 bits; 0 where there is none.
pub(super) fn number(bytes: &[u8], at: usize) -> usize {
    let four = bytes.get(at..at + 4).and_then(|bytes| bytes.first_chunk());
    four.map_or(0, |&four| u32::from_le_bytes(four) as usize)
}

/// Bytes of the description, which says so itself.
pub(super) fn description(bytes: &[u8]) -> usize {
    if bytes[6] & DESCRIBED == 0 { 0 } else { number(bytes, HEADER) }
}

/// Puts the checksum of `seed` and a part in the part's last bytes.
fn seal(seed: &[u8], part: &mut [u8]) {
    if let Some((content, checksum)) = part.split_last_chunk_mut::<CHECKSUM>() {
        *checksum = crc32fast::hash(&[seed, content].concat()).to_le_bytes();
    }
}

/// The same bytes, with the right checksums in header, description, tables, decoder and index as far as they are there.
pub(super) fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER + TRAILER {
        return bytes;
    }
    seal(&[], &mut bytes[..HEADER]);
    let mut start = HEADER;
    for length in [description(&bytes), number(&bytes, 60), number(&bytes, 64)] {
        if let Some(part) = bytes.get_mut(start..start + length) {
            seal(&[], part);
        }
        start += length;
    }
    let trailer = bytes.len() - TRAILER;
    if let Some(start) = trailer.checked_sub(number(&bytes, trailer)) {
        let checksum = crc32fast::hash(&[&bytes[..STATED], &bytes[start..trailer]].concat());
        bytes[trailer + 4..trailer + 8].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

/// A file of the same parts, each as long as is stated, or as is left; with right checksums and a new index.
pub(super) fn framed(bytes: &[u8]) -> Vec<u8> {
    let Some((header, mut left)) = bytes.split_at_checked(HEADER) else { return bytes.to_vec() };
    let mut header = header.to_vec();
    let mut parts = Vec::new();
    if header[6] & DESCRIBED != 0 {
        let (part, rest) = left.split_at(description(bytes).min(left.len()));
        let (mut part, length) = (part.to_vec(), (part.len() as u32).to_le_bytes());
        part.iter_mut().zip(length).for_each(|(byte, new)| *byte = new);
        seal(&[], &mut part);
        parts.extend(part);
        left = rest;
    }
    for at in [60, 64] {
        let (part, rest) = left.split_at(number(&header, at).min(left.len()));
        header[at..at + 4].copy_from_slice(&(part.len() as u32).to_le_bytes());
        let mut part = part.to_vec();
        seal(&[], &mut part);
        parts.extend(part);
        left = rest;
    }
    seal(&[], &mut header);
    let (blocks, index) = framed_blocks(&header, left);
    let sum = crc32fast::hash(&[&header[..STATED], &index].concat());
    let end = [&(index.len() as u32).to_le_bytes()[..], &sum.to_le_bytes(), b"ZEA\n"].concat();
    [header, parts, blocks, index, end].concat()
}

/// The blocks of a file with this header, and what the index says of them.
fn framed_blocks(header: &[u8], mut left: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let named = header[6] & NAMED != 0;
    let (mut blocks, mut index) = (Vec::new(), Vec::new());
    let count = number(header, 8).div_ceil(number(header, 24).max(1));
    for block in 0..count as u32 {
        let Some((integers, rest)) = split_length(left) else { break };
        let Some((names, rest)) = (if named { split_length(rest) } else { Some((0, rest)) }) else { break };
        let Some((_checksum, rest)) = rest.split_at_checked(CHECKSUM) else { break };
        let (integers, rest) = rest.split_at(integers.min(rest.len()));
        let (names, rest) = rest.split_at(names.min(rest.len()));
        let mut lengths = length(integers.len());
        if named {
            lengths.extend(length(names.len()));
        }
        let parts = [&header[..STATED], &block.to_le_bytes(), &lengths, integers, names];
        let sum = crc32fast::hash(&parts.concat());
        blocks.extend([&lengths, &sum.to_le_bytes()[..], integers, names].concat());
        index.extend(lengths);
        left = rest;
    }
    (blocks, index)
}

/// A length of at most 28 bits, and what follows it.
fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let last = bytes.iter().take(4).position(|byte| byte & 0x80 == 0)?;
    let (length, rest) = bytes.split_at(last + 1);
    Some((length.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f)), rest))
}

/// A length as it stands before a block, 7 bits a byte.
pub(super) fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
