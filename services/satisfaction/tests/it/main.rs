//! The satisfaction service on real files, with a real bus, called over real gRPC.

#[cfg(test)]
mod endings;
#[cfg(test)]
mod ratings;
#[cfg(test)]
mod scores;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod windows;
#[cfg(test)]
mod world;
