"""What this person is looking at: pictures, network, device."""
