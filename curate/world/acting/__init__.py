"""What motions are made of: a pose over time, inverse kinematics, gaits, waves, springs, profiles."""
