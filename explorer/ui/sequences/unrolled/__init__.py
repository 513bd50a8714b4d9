"""The Sequences page's part on a recurrent network, one step after another."""
