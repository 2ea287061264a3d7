//! Points on the earth.

use serde::{Deserialize, Serialize};

/// WGS 84 latitude and longitude in degrees; always finite and within ±90/±180.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

/// Why a pair of numbers is no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// NaN or infinite.
    #[error("latitude and longitude must be finite numbers")]
    NotFinite,
    /// Latitude outside ±90 or longitude outside ±180.
    #[error("latitude must lie in -90..90 and longitude in -180..180 degrees")]
    OutOfRange,
    /// Exactly 0, 0: a device without a position.
    #[error("0, 0 means that the device had no position")]
    NullIsland,
}

impl Point {
    /// Checks and takes a pair of degrees.
    pub fn parse(latitude: f64, longitude: f64) -> Result<Self, PointError> {
        if !latitude.is_finite() || !longitude.is_finite() {
            return Err(PointError::NotFinite);
        }
        if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
            return Err(PointError::OutOfRange);
        }
        if latitude == 0.0 && longitude == 0.0 {
            return Err(PointError::NullIsland);
        }
        Ok(Self { latitude, longitude })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        self.longitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_points_are_points() {
        assert!(Point::parse(9.18, 105.15).is_ok());
        assert_eq!(Point::parse(f64::NAN, 1.0), Err(PointError::NotFinite));
        assert_eq!(Point::parse(1.0, f64::INFINITY), Err(PointError::NotFinite));
        assert_eq!(Point::parse(105.15, 9.18), Err(PointError::OutOfRange));
        assert_eq!(Point::parse(1e308, 0.0), Err(PointError::OutOfRange));
        assert_eq!(Point::parse(-0.0, 0.0), Err(PointError::NullIsland));
    }
}
