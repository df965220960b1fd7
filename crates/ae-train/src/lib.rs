//! Placeholder, replaced within this step.
