"""What changes a caption: attention led elsewhere or made uniform, and parts of the photo hidden."""
