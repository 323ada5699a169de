"""What the office does about itself: signing in, the team."""
