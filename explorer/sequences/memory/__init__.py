"""For how long a recurrent network remembers, and what the gates of an LSTM do for it."""
