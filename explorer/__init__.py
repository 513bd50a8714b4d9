from explorer.torchvision_imports import install

install()
