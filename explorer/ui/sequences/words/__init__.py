"""The Sequences page's part on word vectors."""
