"""Old and new side by side: what keeps them in step while both versions of the app write."""
